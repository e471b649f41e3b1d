"""Place: a dataset is written beside its folder and moved into place whole.

A build killed at any moment leaves the old dataset or the new one. What no manifest of ours lists is never touched.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from dehusk.schema.errors import OutputError, StorageError, UsageError

from .pack import listed_paths

LOCK: Final = "lock"
OLD: Final = "old"


def refuse_foreign(out: Path) -> None:
    """Makes sure that an output folder may be replaced.

    Raises:
        OutputError: it is not a folder, or holds a file that no manifest of ours lists.
    """
    if not out.exists() and not out.is_symlink():
        return
    if out.is_symlink() or not out.is_dir():
        raise OutputError(f"{out} is not a folder", "name another --out")
    held = {PurePosixPath(path.relative_to(out)) for path in out.rglob("*") if path.is_symlink() or not path.is_dir()}
    foreign = sorted(held - listed_paths(out))
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise OutputError(
            f"{out} holds {foreign[0]}{more}, which dehusk did not write",
            "move it away, or name another --out; nothing there was touched",
        )


@contextmanager
def staging(out: Path, keep: Collection[str] = ()) -> Iterator[Path]:
    """A folder beside `out` to write a dataset in; moved into the place of `out` when the block ends without error.

    It lies in `.NAME.dehusk`, which belongs to one build at a time and is emptied at the end, but for what is to be
    kept. One left behind by a killed build is taken over by the next.

    Args:
        out: the dataset folder, which may exist if it holds only what a manifest of ours lists.
        keep: names of folders in `.NAME.dehusk` that stay there.

    Yields:
        An empty folder.

    Raises:
        OutputError: `out` may not be replaced.
        UsageError: another build writes there at this moment.
        StorageError: the system refuses to write.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link, and a link must be refused
    refuse_foreign(out)
    beside = out.parent / f".{out.name}.dehusk"
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with (beside / LOCK).open("w") as lock:
            _lock(lock.fileno(), beside / LOCK, out)
            _recover(beside / OLD, out)
            fresh = beside / "new"
            _remove(fresh)
            fresh.mkdir()
            try:
                yield fresh
                refuse_foreign(out)  # something may have come in the meantime
                _sync(fresh)
                _swap(fresh, out)
            finally:
                _clear(beside, keep)
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or out}: {error.strerror}",
            "free some space or get permission, then build again; the old dataset stands as it was",
        ) from error


def _lock(descriptor: int, path: Path, out: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())
    except BlockingIOError:
        mine = False
    if not mine:  # taken, or removed by a build that ended between our opening and locking it
        raise UsageError(f"another build is writing {out}", "wait for it, or name another --out")


def _recover(old: Path, out: Path) -> None:
    """Puts back a dataset that a build killed between the two steps of `_swap` had moved aside."""
    if old.exists() and not out.exists():
        old.rename(out)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _clear(beside: Path, keep: Collection[str]) -> None:
    """Removes all but what is to be kept; where that is nothing, the folder itself."""
    if not any((beside / name).exists() for name in keep):
        _remove(beside)
        return
    for path in beside.iterdir():
        if path.name not in (LOCK, *keep):
            _remove(path)


def _sync(folder: Path) -> None:
    """Brings every file and folder to the disk, so that what is moved into place is whole even after a power cut."""
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _swap(fresh: Path, out: Path) -> None:
    """Puts `fresh` in the place of `out`: in one step where the system can exchange two folders, else in two."""
    if not out.exists():
        fresh.rename(out)
    elif not _exchange(fresh, out):
        out.rename(fresh.parent / OLD)
        fresh.rename(out)


_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # linux/fs.h
_RENAME_SWAP: Final = 2  # macOS sys/stdio.h


def _exchange(one: Path, two: Path) -> bool:
    """Exchanges two folders in one step; False where the system or the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(two)
    if sys.platform == "darwin":
        result = library.renamex_np(first, second, _RENAME_SWAP)
    elif hasattr(library, "renameat2"):
        result = library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
    else:
        return False
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV):
        return False
    raise OSError(code, os.strerror(code), str(two))
