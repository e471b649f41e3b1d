"""Listing: which files a dataset consists of, and how they differ from those of a target."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from dehusk.builders.pack import MANIFEST, Manifest, file_digest
from dehusk.schema.errors import TargetError, UsageError

from .publication import Change, LocalFile, RemoteFile

ANEW = "build the dataset anew"


def list_files(folder: Path, manifest: Manifest) -> dict[str, LocalFile]:
    """Every file to publish: those of the manifest and the manifest, each compared with what the manifest says.

    Raises:
        UsageError: a file is missing, was changed, is a link or has a name that is not for publishing; or the folder
            holds a file that the manifest does not list.
    """
    files = {
        entry.path: LocalFile(entry.path, entry.bytes, entry.sha256, folder / entry.path) for entry in manifest.files
    }
    held = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not _is_folder(path)}
    unknown = sorted(held.keys() - files.keys() - {MANIFEST})
    if unknown:
        raise UsageError(
            f"{folder} holds {unknown[0]}, which its manifest does not list", "move it away; nothing was sent"
        )
    for file in files.values():
        _check_name(file.path)
        path = folder / file.path
        if file.path not in held or path.is_symlink():
            raise UsageError(f"{path} is missing, or a link", ANEW)
        if path.stat().st_size != file.bytes or file_digest(path) != file.sha256:
            raise UsageError(f"{path} was changed after it was built", ANEW)
    if held[MANIFEST].is_symlink():
        raise UsageError(f"{folder / MANIFEST} is a link", ANEW)
    own = folder / MANIFEST
    files[MANIFEST] = LocalFile(MANIFEST, own.stat().st_size, file_digest(own), own)
    return dict(sorted(files.items()))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _check_name(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or any(part.startswith(".") or not part.isprintable() for part in parts):
        raise UsageError(f"{path!r} in {MANIFEST} is no name of a file to publish", ANEW)


def blob_digest(file: LocalFile) -> str:
    """The name that git gives to a file's bytes."""
    digest = hashlib.sha1(f"blob {file.bytes}\0".encode(), usedforsecurity=False)
    with file.open() as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def same_file(file: LocalFile, remote: RemoteFile) -> bool:
    """Whether the target holds the same bytes, by the digest that it knows."""
    if remote.sha256 is not None:
        return remote.sha256 == file.sha256
    return remote.bytes == file.bytes and remote.blob is not None and remote.blob == blob_digest(file)


def compare(
    files: Mapping[str, LocalFile], remote: Mapping[str, RemoteFile], ours: Collection[str]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """How a dataset and a target differ.

    Args:
        files: the files of the dataset.
        remote: the files of the target.
        ours: paths that an earlier manifest there lists; nothing else is ever deleted.

    Returns:
        What must be changed, by path, and the files of others that stay.

    Raises:
        TargetError: somebody else's file lies among the data, and would be loaded with it.
    """
    changes = []
    for path, file in files.items():
        there = remote.get(path)
        if there is None:
            changes.append(Change("add", path, file.bytes, 0))
        elif not same_file(file, there):
            changes.append(Change("replace", path, file.bytes, there.bytes))
    others = sorted(remote.keys() - files.keys())
    gone = [Change("delete", path, 0, remote[path].bytes) for path in others if path in ours]
    kept = tuple(path for path in others if path not in ours)
    among = next((path for path in kept if path.startswith("data/")), None)
    if among is not None:
        raise TargetError(
            f"the target holds {among}, which no manifest of dehusk lists, among the data",
            "move it away, or publish elsewhere; nothing there was touched",
        )
    return tuple(sorted(changes + gone, key=lambda change: change.path)), kept


def differences(files: Mapping[str, LocalFile], remote: Mapping[str, RemoteFile]) -> list[str]:
    """Paths of a dataset that a target does not hold with the same bytes."""
    return [path for path, file in files.items() if path not in remote or not same_file(file, remote[path])]
