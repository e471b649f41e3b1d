"""Publish: a dataset goes to a hub, a bucket or a folder, whole, once, and provably.

    plan = plan_publication(Path("dist"), "user/name")
    published = publish_dataset(plan)

Planning changes nothing at the target. Publishing sends only what the manifest lists, makes one commit, reads back what
arrived, loads it, and tags it last.
"""

import re
from pathlib import Path
from typing import Final

from dehusk.builders.pack import Manifest, read_manifest, split_name
from dehusk.builders.preflighting.preflight import preflight_dataset
from dehusk.schema.errors import TargetError, UsageError

from .hub import plan_for_hub, publish_to_hub, tag_version
from .hubclient import connect
from .listing import list_files
from .publication import Patience, Plan, Progress, Publication, Published, Watch, ignore
from .reload import reload_from_hub, reload_from_store
from .store import open_store, plan_for_store, publish_to_store
from .targets import HubTarget, StoreTarget, parse_target

_VERSION: Final = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
"""A version of semver.org, with or without the usual v."""

_ELSEWHERE: Final = {
    "--public": "whoever may read that place sees it",
    "--private": "whoever may read that place sees it",
    "--tag": "put the version into its name",
    "--message": "files have no commits",
    "--changes": "files have no versions; `dehusk diff` tells what changed",
}
"""What only a hub can do, and what holds for files."""

_PUBLIC_HUB: Final = "https://huggingface.co"


def check_request(target: str, asked: Publication, endpoint: str | None = None) -> HubTarget | StoreTarget:
    """Tells what kind of target is meant, and refuses what can be seen to be wrong without looking anywhere.

    Args:
        target: as in `plan_publication`.
        asked: how to publish.
        endpoint: as in `plan_publication`.

    Raises:
        TargetError: the target is none, the tag is no version, or what is asked for is for hubs alone.
    """
    place = parse_target(target, endpoint)
    if asked.tag is not None and not _VERSION.fullmatch(asked.tag):
        raise TargetError(f"{asked.tag!r} is no version", "tag it like 1.2.0 or v1.2.0 (semver.org)")
    if isinstance(place, StoreTarget):
        _refuse_hub_options(place, asked)
    return place


def _refuse_hub_options(place: StoreTarget, asked: Publication) -> None:
    given = {
        "--public": asked.private is False,
        "--private": asked.private is True,
        "--tag": asked.tag is not None,
        "--message": bool(asked.message or asked.description),
        "--changes": asked.changes is True,
    }
    option = next((option for option, is_given in given.items() if is_given), None)
    if option is not None:
        raise TargetError(
            f"{option} is for hubs, and {place.url} is a place for files", f"leave it out: {_ELSEWHERE[option]}"
        )


def plan_publication(
    dist: Path,
    target: str,
    asked: Publication | None = None,
    *,
    endpoint: str | None = None,
    preflight: bool = True,
    watch: Watch | None = None,
    patience: Patience | None = None,
) -> Plan:
    """Finds out what publishing would do; changes nothing.

    Args:
        dist: a folder that `build_dataset` wrote.
        target: `user/name` or `hf://datasets/user/name` for a hub; `./folder`, `/folder` or any fsspec URL for files.
        asked: how to publish; private, untagged and with word of what changed when None.
        endpoint: address of the hub; by default what `HF_ENDPOINT` says, or the public hub.
        preflight: whether to look for what would fail or look bad; False only for whoever has just done so.
        watch: told how far it is.
        patience: how long to wait for the target.

    Returns:
        The plan, with what preflight found. A plan with errors among its findings cannot be published.

    Raises:
        UsageError: the folder is no dataset of ours, or holds what its manifest does not list.
        TargetError: the target cannot be published to in this way.
        AccessError: there is no token, or one that may not do this.
        PublishError: the target does not answer, or refuses.
    """
    asked, patience = asked or Publication(), patience or Patience()
    place = check_request(target, asked, endpoint)
    manifest = read_manifest(dist)
    files = list_files(dist, manifest)
    findings = tuple(preflight_dataset(dist)) if preflight else ()
    plan = Plan(dist, manifest, place, asked, files, (), findings=findings)
    if isinstance(place, HubTarget):
        with connect(place, patience, watch or ignore) as hub:
            return plan_for_hub(plan, hub)
    with open_store(place) as store:
        return plan_for_store(plan, store)


def publish_dataset(
    plan: Plan, *, load: bool = True, watch: Watch | None = None, patience: Patience | None = None
) -> Published:
    """Publishes as planned and proves that it arrived.

    Run again after any failure: what has arrived is not sent again, and a commit that was made is found.

    Args:
        plan: what `plan_publication` returned.
        load: whether to load the dataset from the target too, which reads all of it.
        watch: told how far it is.
        patience: how long to wait for the target.

    Returns:
        Where it is. Nothing is sent when the target has it all.

    Raises:
        UsageError: preflight found errors.
        ConflictError: somebody else changed the target since the plan was made, or the tag points elsewhere.
        ArrivalError: what arrived is not what was sent; it is not tagged.
        AccessError: the token may not do this.
        PublishError: the target does not answer, or refuses; or a file changed since the plan was made.
    """
    watch, patience = watch or ignore, patience or Patience()
    if plan.errors:
        first = plan.errors[0]
        raise UsageError(
            f"{plan.folder} has {len(plan.errors)} errors, the first in {first.file}: {first.rule} {first.value}",
            first.remedy,
        )
    if isinstance(plan.target, HubTarget):
        return _to_hub(plan, plan.target, load=load, watch=watch, patience=patience)
    return _to_store(plan, plan.target, load=load, watch=watch)


def _to_hub(plan: Plan, target: HubTarget, *, load: bool, watch: Watch, patience: Patience) -> Published:
    with connect(target, patience, watch) as hub:
        commit = publish_to_hub(plan, hub)
        if load and not plan.nothing_to_do:
            watch(Progress("load"))
            reload_from_hub(plan, target, commit)
        tag_version(plan, hub, commit)
    return Published(target.url, commit, plan.asked.tag, bool(plan.changes), _hub_example(target, plan, commit))


def _to_store(plan: Plan, target: StoreTarget, *, load: bool, watch: Watch) -> Published:
    with open_store(target) as store:
        publish_to_store(plan, store, watch)
        if load and not plan.nothing_to_do:
            watch(Progress("load"))
            reload_from_store(plan, store)
        source = target.url if store.folder is None else str(store.folder)
        example = _store_example(source, plan.manifest, local=store.folder is not None)
    return Published(target.url, None, None, bool(plan.changes or plan.resumes), example)


def _hub_example(target: HubTarget, plan: Plan, commit: str) -> str:
    elsewhere = "" if target.endpoint == _PUBLIC_HUB else f"# with HF_ENDPOINT={target.endpoint}\n"
    return (
        f"{elsewhere}from datasets import load_dataset\n\n"
        f"pages = load_dataset({target.repo_id!r}, revision={plan.asked.tag or commit!r})\n"
        f"print(pages[{_first_split(plan.manifest)!r}][0]['text'])"
    )


def _first_split(manifest: Manifest) -> str:
    return next(split_name(file.path) for file in manifest.files if file.content is not None)


def _store_example(source: str, manifest: Manifest, *, local: bool) -> str:
    splits = dict.fromkeys(split_name(file.path) for file in manifest.files if file.content is not None)
    files = {split: f"{source.rstrip('/')}/data/{split}-*.parquet" for split in splits}
    what = repr(source) if local else f'"parquet", data_files={files!r}'
    return (
        "from datasets import load_dataset\n\n"
        f"pages = load_dataset({what})\n"
        f"print(pages[{_first_split(manifest)!r}][0]['text'])"
    )
