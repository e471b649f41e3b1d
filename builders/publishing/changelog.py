"""Changelog: a dataset is published with word of what changed since the version that the hub has.

The dataset folder is not touched, so that a build of the same seeds gives the same bytes wherever it was published:
card and manifest are sent otherwise than they lie there. What was told before is taken from the card on the hub, and an
entry is added only when the records differ. So an unchanged dataset gives the card that the hub has already.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dehusk.builders.cards.changes import read_changes, with_changes
from dehusk.builders.cards.contents import MAX_CARD_BYTES
from dehusk.builders.pack import CARD, MANIFEST, PackedFile, fingerprint_in, with_file
from dehusk.builders.versioning.diff import diff_datasets
from dehusk.builders.versioning.difference import Difference
from dehusk.builders.versioning.versions import COMPARED
from dehusk.schema.errors import TargetError, UsageError

from .hubclient import HubClient
from .publication import LocalFile, Plan, Progress, RemoteFile

_TIP: Final = "--no-changes publishes without telling what changed"


def tell_changes(plan: Plan, hub: HubClient, manifest: bytes | None, remote: Mapping[str, RemoteFile]) -> Plan:
    """Puts into the card what changed, before what was told of earlier changes.

    Args:
        plan: what is to be published, and the commit that the hub has.
        hub: the client.
        manifest: the manifest of that commit; None where it has none.
        remote: the files of that commit.

    Returns:
        The plan with the difference, and with card and manifest as they will be sent.

    Raises:
        TargetError: the version on the hub cannot be compared.
        PublishError: the hub does not answer.
    """
    there = fingerprint_in(manifest)
    if not there or plan.head is None:
        return plan
    earlier = _earlier(plan, hub, plan.head, remote)
    if plan.asked.changes is not False and there != plan.manifest.fingerprint:
        difference = _difference(plan, hub, plan.head)
        plan = plan if difference.same else replace(plan, difference=difference)  # shards alone can be others
    told = "\n\n".join(part for part in (_entry(plan), earlier) if part)
    return replace(plan, files=plan.files | _papers(plan, told)) if told else plan


def _earlier(plan: Plan, hub: HubClient, head: str, remote: Mapping[str, RemoteFile]) -> str:
    if CARD not in remote:
        return ""
    where = f"{CARD} of {plan.target.url}"
    if remote[CARD].bytes > MAX_CARD_BYTES:
        raise TargetError(f"{where} is larger than {MAX_CARD_BYTES >> 20} MB", "shorten it on the hub")
    try:
        return read_changes(hub.read(CARD, head).decode(errors="replace"), where)
    except UsageError as error:
        raise TargetError(error.message, error.tip) from error


def _difference(plan: Plan, hub: HubClient, head: str) -> Difference:
    hub.watch(Progress("compare"))
    old = hub.fetch(head, COMPARED)
    try:
        return diff_datasets(old, plan.folder, examples=0)
    except UsageError as error:
        raise TargetError(f"{plan.target.url} cannot be compared with {plan.folder}: {error.message}", _TIP) from error


def _entry(plan: Plan) -> str:
    if plan.difference is None:
        return ""
    name = plan.asked.tag or f"Build {plan.manifest.fingerprint[:12]}"
    return f"### {name}\n\n{plan.difference.to_markdown().strip()}"


def _papers(plan: Plan, told: str) -> dict[str, LocalFile]:
    """The card that tells this, and the manifest that lists that card."""
    own, listing = (plan.files[path].open().read() for path in (CARD, MANIFEST))
    card = _made(CARD, with_changes(own.decode(), told).encode())
    manifest = _made(MANIFEST, with_file(listing, PackedFile(CARD, card.bytes, card.sha256)))
    return {CARD: card, MANIFEST: manifest}


def _made(path: str, content: bytes) -> LocalFile:
    return LocalFile(path, len(content), hashlib.sha256(content).hexdigest(), content)
