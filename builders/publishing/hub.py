"""Hub: a dataset becomes one commit of a hub's repository, and what arrived is proved before it is tagged."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dehusk.builders.pack import MANIFEST, paths_in
from dehusk.schema.errors import AccessError, ArrivalError, ConflictError, PublishError, TargetError

from .changelog import tell_changes
from .hubclient import DoubtError, HubClient
from .listing import compare, differences
from .publication import Plan, Progress

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

ATTRIBUTES: Final = ".gitattributes"
"""The file that a hub puts into every new repository."""

BATCH_BYTES: Final = 8 << 20
"""Files are sent together up to this size: enough to spare small ones a request each."""

# -- plan --


def plan_for_hub(plan: Plan, hub: HubClient) -> Plan:
    """Fills a plan with what the hub has. Nothing is changed there.

    Args:
        plan: what is to be published.
        hub: the client.

    Raises:
        AccessError: the token is missing, unknown, or may not write there.
        TargetError: the repository is not as private as asked, or the tag is taken.
        PublishError: the hub does not answer.
    """
    _check_token(hub)
    repository = hub.repository()
    if repository is None or repository.head is None:
        changes, _ = compare(plan.files, {}, ())
        return replace(plan, changes=changes, exists=repository is not None)
    _check_visibility(plan, private=repository.private)
    remote, tags = hub.tree(repository.head), hub.tags()
    manifest = hub.read(MANIFEST, repository.head) if MANIFEST in remote else None
    plan = tell_changes(replace(plan, exists=True, head=repository.head), hub, manifest, remote)
    changes, kept = compare(plan.files, remote, paths_in(manifest))
    tagged = tags.get(plan.asked.tag or "")
    if tagged is not None and (changes or tagged != repository.head):
        raise TargetError(
            f"{plan.target.url} has the tag {plan.asked.tag} already, for {tagged[:12]}",
            "a tag is never moved: give another --tag",
        )
    return replace(plan, changes=changes, kept=kept, tagged=tagged)


def _check_token(hub: HubClient) -> None:
    person, owner = hub.whoami(), hub.target.owner
    if person.role == "read":
        raise AccessError("the token may only read", "make one that may write, then `hf auth login`")
    if owner != person.name and owner not in person.orgs:
        raise AccessError(
            f"the token is {person.name}'s, who is not in {owner}",
            f"publish to {person.name}/…, or use a token of {owner}",
        )
    if person.orgs.get(owner) == "read":
        raise AccessError(f"{person.name} may only read in {owner}", f"ask {owner} for the right to write")


def _check_visibility(plan: Plan, *, private: bool) -> None:
    if private == plan.asked.hidden:
        return
    is_so, other = ("private", "--public") if private else ("public", "--private")
    raise TargetError(
        f"{plan.target.url} is {is_so}, and you asked for {other[2:]}",
        f"dehusk never changes that: publish with --{is_so}, or change it on the hub; nothing was sent",
    )


# -- publish --


def publish_to_hub(plan: Plan, hub: HubClient) -> str:
    """Publishes as planned, up to the proof that the files arrived.

    Args:
        plan: a plan of `plan_for_hub` that is not older than the hub's state.
        hub: the client.

    Returns:
        The commit that holds the dataset.

    Raises:
        ConflictError: the repository changed since the plan was made.
        ArrivalError: what arrived is not what was sent.
        PublishError: the hub does not answer, or refuses.
    """
    head = _open(plan, hub)
    commit = _send(plan, hub, head) if plan.changes or head is None else head
    hub.watch(Progress("verify"))
    there = hub.tree(commit)
    wrong = differences(plan.files, there)
    others = sorted(there.keys() - plan.files.keys() - set(plan.kept) - {ATTRIBUTES})
    if wrong or others:
        raise ArrivalError(
            f"{plan.target.url} at {commit[:12]} does not hold what was sent: {(wrong + others)[0]}",
            "it was not tagged; look at it, then publish again",
        )
    return commit


def _open(plan: Plan, hub: HubClient) -> str | None:
    """Makes the repository where there is none, and looks at it anew: at its visibility before the first byte."""
    if not plan.exists:
        hub.create(private=plan.asked.hidden)
    repository = hub.repository()
    if repository is None:
        raise AccessError(
            f"{plan.target.url} cannot be seen",
            "the name is taken, or the token may not read what it makes: try another",
        )
    _check_visibility(plan, private=repository.private)
    if plan.head is None:
        strangers = sorted(hub.tree(repository.head).keys() - {ATTRIBUTES}) if repository.head else []
        changed = bool(strangers)
    else:
        changed = repository.head != plan.head
    if changed:
        raise ConflictError(f"{plan.target.url} changed since the plan was made", "publish again: a new plan is made")
    return repository.head


def _send(plan: Plan, hub: HubClient, head: str | None) -> str:
    adds, deletes = _operations(plan)
    _upload(plan, hub, adds)
    hub.watch(Progress("commit"))
    message = plan.asked.message or f"dehusk build {plan.manifest.fingerprint[:12]}"
    description = plan.asked.description or (plan.difference.to_markdown() if plan.difference else "")
    for attempt in range(1, hub.patience.attempts + 1):
        try:
            return hub.commit([*adds, *deletes], head, message, description)
        except DoubtError as doubt:
            landed = _landed(plan, hub, head)
            if landed is not None:
                return landed
            if attempt == hub.patience.attempts:
                raise
            hub.pause(doubt, attempt)
    raise AssertionError


def _operations(plan: Plan) -> "tuple[list[CommitOperationAdd], list[CommitOperationDelete]]":
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    adds, deletes = [], []
    for change in plan.changes:
        if change.action == "delete":
            deletes.append(CommitOperationDelete(change.path, is_folder=False))
            continue
        file = plan.files[change.path]
        add = CommitOperationAdd(file.path, str(file.source) if isinstance(file.source, Path) else file.source)
        if add.upload_info.sha256.hex() != file.sha256:
            raise PublishError(f"{plan.folder / file.path} changed since the plan was made", "publish again")
        adds.append(add)
    return adds, deletes


def _upload(plan: Plan, hub: HubClient, files: "list[CommitOperationAdd]") -> None:
    """Sends the large files, few at a time, so that it can be told how far it is."""
    total, done = plan.bytes_to_send, 0
    hub.watch(Progress("upload", done, total))
    for batch in _batches(files):
        hub.send(batch)
        done += sum(file.upload_info.size for file in batch)
        hub.watch(Progress("upload", done, total))


def _batches(files: "list[CommitOperationAdd]") -> "Iterator[list[CommitOperationAdd]]":
    batch: list[CommitOperationAdd] = []
    for file in files:
        batch.append(file)
        if sum(one.upload_info.size for one in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _landed(plan: Plan, hub: HubClient, head: str | None) -> str | None:
    """The commit that was made on top of `head` if it is ours; None if none was made.

    Raises:
        ConflictError: another one was made.
    """
    history = hub.commits()
    if not history or history[0] == head:
        return None
    place = history.index(head) if head in history else len(history)
    after = history[place - 1]
    there = hub.tree(after)
    deleted = {change.path for change in plan.changes if change.action == "delete"}
    if not differences(plan.files, there) and not deleted & there.keys():
        return after
    raise ConflictError(
        f"{plan.target.url} changed while the files were sent", "nothing there was overwritten: publish again"
    )


def tag_version(plan: Plan, hub: HubClient, commit: str) -> None:
    """Tags the commit with the version that was asked for; a tag is never moved.

    Raises:
        ConflictError: the tag points elsewhere.
        PublishError: the hub does not answer, or refuses.
    """
    if plan.asked.tag is None or plan.tagged == commit:
        return
    hub.watch(Progress("tag"))
    hub.tag(plan.asked.tag, commit)
    there = hub.tags().get(plan.asked.tag)
    if there != commit:
        raise ConflictError(
            f"the tag {plan.asked.tag} is at {str(there)[:12]}, not at {commit[:12]}", "give the version another --tag"
        )
