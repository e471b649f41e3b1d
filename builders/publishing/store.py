"""Store: a dataset becomes files in a folder or bucket, the manifest last, and is read back before it is called done.

A store has neither commits nor locks: whoever reads while it is written may see files of both versions. What is being
written stands in a journal (`manifest.json.unfinished`) from the first byte to the last, so that an upload that was cut
off is completed by the next one and nothing of others is taken for ours.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from dehusk.builders.pack import MANIFEST, paths_in
from dehusk.schema.errors import AccessError, ArrivalError, DehuskError, PublishError, TargetError

from .listing import compare
from .publication import JOURNAL, LocalFile, Plan, Progress, RemoteFile, Watch
from .targets import StoreTarget, masked

_BLOCK: Final = 1 << 20
_LARGEST_MANIFEST: Final = 1 << 30
_DENIED: Final = ("credential", "access denied", "forbidden", "accesskey", "signature", "unauthorized")


class Store:
    """A folder of a file system, by paths relative to it; made by `open_store`.

    Attributes:
        url: its address.
        folder: the folder, where it is one of this machine; else None.
    """

    def __init__(self, target: StoreTarget, system: Any, root: str) -> None:
        self.url = target.url
        self._system = system
        self._root = root.rstrip("/")
        self.folder = Path(root) if isinstance(system, LocalFileSystem) else None

    def files(self) -> dict[str, int]:
        """Every file there, by path, with its size in bytes."""
        self._system.invalidate_cache()
        try:
            found = self._system.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        files = {name.removeprefix(self._root).lstrip("/"): info for name, info in found.items()}
        self._refuse_links(files)
        return {name: int(info["size"] or 0) for name, info in files.items() if name}

    def _refuse_links(self, files: dict[str, Any]) -> None:
        """On this machine a link could lead what is written or removed out of the folder."""
        if self.folder is None:
            return
        if "" in files:
            raise TargetError(f"{self.url} is a file", "name a folder")
        link = next((path for path in self.folder.rglob("*") if path.is_symlink()), None)
        if link is not None:
            raise TargetError(f"{link} is a link", "publish to a folder of its own")

    def read(self, path: str) -> bytes:
        """A file, whole."""
        data: bytes = self._system.cat_file(self._at(path), end=_LARGEST_MANIFEST)
        return data

    def digest(self, path: str) -> str:
        """SHA-256 of a file there, read back."""
        digest = hashlib.sha256()
        with self._system.open(self._at(path), "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def write(self, path: str, data: bytes) -> None:
        """Writes a small file."""
        self._make_folder(path)
        self._system.pipe_file(self._at(path), data)

    def put(self, file: LocalFile) -> Iterator[int]:
        """Writes a file block by block; yields the size of each."""
        self._make_folder(file.path)
        with file.open() as source, self._system.open(self._at(file.path), "wb") as out:
            while block := source.read(_BLOCK):
                out.write(block)
                yield len(block)

    def remove(self, path: str) -> None:
        """Removes one file."""
        self._system.rm_file(self._at(path))

    def address(self, path: str) -> str:
        """The address of a file, as `datasets` takes it."""
        return self._at(path) if self.folder else str(self._system.unstrip_protocol(self._at(path)))

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _make_folder(self, path: str) -> None:
        if self.folder:  # elsewhere folders are parts of names, and making one could make a bucket
            self._system.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)


@contextmanager
def open_store(target: StoreTarget) -> Iterator[Store]:
    """The store at an address. Credentials are found by the means of its kind (environment, configuration files).

    Raises:
        TargetError: there is no such kind of store, or what reads it is not installed.
        AccessError: the store does not let us in.
        PublishError: it does not answer.
    """
    try:
        system, root = fsspec.core.url_to_fs(target.url)
    except (ImportError, ValueError) as error:
        raise TargetError(f"{masked(target.url)}: {masked(error)}", "install what fsspec names") from None
    try:
        yield Store(target, system, root)
    except DehuskError:
        raise
    except Exception as error:  # noqa: BLE001 - each kind of store raises errors of its own
        raise _explained(error, target) from None


def _explained(error: Exception, target: StoreTarget) -> PublishError:
    said = masked(error).strip() or type(error).__name__
    where = masked(target.url)
    if isinstance(error, PermissionError) or any(word in f"{type(error).__name__} {said}".lower() for word in _DENIED):
        return AccessError(f"{where}: not allowed: {said}", "check the credentials that this kind of store uses")
    if isinstance(error, FileNotFoundError):
        return TargetError(f"{where}: {said}", "dehusk makes folders, but no bucket: make it first")
    return PublishError(f"{where}: {said}", "nothing local is lost: publish again, it goes on where it stopped")


# -- plan --


def plan_for_store(plan: Plan, store: Store) -> Plan:
    """Fills a plan with what the store has. Nothing is changed there.

    Raises:
        TargetError: a file of others has the name of one of ours, or the target is the dataset.
    """
    _refuse_itself(plan.folder, store)
    sizes = store.files()
    resumes = JOURNAL in sizes
    manifest = store.read(MANIFEST) if MANIFEST in sizes else None
    ours = paths_in(manifest) | (paths_in(store.read(JOURNAL)) | {JOURNAL} if resumes else frozenset())
    remote = {path: RemoteFile(path, size) for path, size in sizes.items() if path != JOURNAL}
    known = {} if resumes else _digests(manifest)
    for path in remote.keys() & plan.files.keys():
        remote[path] = replace(remote[path], sha256=_digest(store, plan.files[path], remote[path], known))
    changes, kept = compare(plan.files, remote, ours)
    stranger = next((one.path for one in changes if one.action == "replace" and one.path not in ours), None)
    if stranger is not None:
        raise TargetError(
            f"{store.url} holds {stranger}, which dehusk did not write",
            "move it away, or publish elsewhere; nothing there was touched",
        )
    return replace(plan, changes=changes, kept=kept, exists=bool(sizes), resumes=resumes)


def _refuse_itself(folder: Path, store: Store) -> None:
    if store.folder is None:
        return
    here, there = folder.resolve(), store.folder.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise TargetError(f"{store.url} is the dataset itself, or inside it, or around it", "name another folder")


def _digests(manifest: bytes | None) -> dict[str, str]:
    """What a whole manifest says of the files beside it; they were compared when it was written, as the last one."""
    try:
        return {file["path"]: file["sha256"] for file in json.loads(manifest or b"{}").get("files", [])}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _digest(store: Store, ours: LocalFile, theirs: RemoteFile, known: dict[str, str]) -> str:
    """The digest of a file there: by what its manifest says, else by reading it, if it may be the same at all."""
    if theirs.bytes != ours.bytes:
        return ""
    return known.get(theirs.path) or store.digest(theirs.path)


# -- publish --


def publish_to_store(plan: Plan, store: Store, watch: Watch) -> None:
    """Publishes as planned: journal, data, deletions, manifest; then reads back what was written.

    Raises:
        ArrivalError: what arrived is not what was sent; the journal stays, so that publishing again repairs it.
        PublishError: the store does not answer.
    """
    if not plan.changes and not plan.resumes:
        return
    here = {*plan.files, *(change.path for change in plan.changes)}
    journal = {"dehusk": plan.manifest.dehusk, "files": [{"path": path} for path in sorted(here - {MANIFEST})]}
    store.write(JOURNAL, json.dumps(journal).encode())
    _write(plan, store, watch)
    _verify(plan, store, watch)
    store.remove(JOURNAL)


def _write(plan: Plan, store: Store, watch: Watch) -> None:
    total, done = plan.bytes_to_send, 0
    watch(Progress("upload", done, total))
    manifest = [change for change in plan.changes if change.path == MANIFEST]
    others = [change for change in plan.changes if change.path != MANIFEST]
    for change in sorted(others, key=lambda one: one.action == "delete") + manifest:
        if change.action == "delete":
            store.remove(change.path)
            continue
        for size in store.put(plan.files[change.path]):
            done += size
            watch(Progress("upload", done, total))


def _verify(plan: Plan, store: Store, watch: Watch) -> None:
    written = [change.path for change in plan.changes if change.action != "delete"]
    total, done = sum(plan.files[path].bytes for path in written), 0
    there = store.files()
    wrong = {path for path, file in plan.files.items() if there.get(path) != file.bytes}
    wrong |= {change.path for change in plan.changes if change.action == "delete" and change.path in there}
    for path in written:
        watch(Progress("verify", done, total))
        if path not in wrong and store.digest(path) != plan.files[path].sha256:
            wrong.add(path)
        done += plan.files[path].bytes
    if wrong:
        raise ArrivalError(f"{store.url} does not hold what was sent: {min(wrong)}", "publish again: it is repaired")
