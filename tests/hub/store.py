"""A bare git repository, driven by git's own plumbing; large files are LFS pointers in it."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .faults import RefusedError

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "TZ": "UTC",
    "GIT_AUTHOR_NAME": "hub",
    "GIT_AUTHOR_EMAIL": "hub@localhost",
    "GIT_COMMITTER_NAME": "hub",
    "GIT_COMMITTER_EMAIL": "hub@localhost",
}

LARGE = [
    "arrow",
    "bin",
    "bz2",
    "gz",
    "lz4",
    "npy",
    "npz",
    "parquet",
    "rar",
    "safetensors",
    "tar",
    "tgz",
    "xz",
    "zip",
    "zst",
]
ATTRIBUTES = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE).encode()

DATE = "--date=format:%Y-%m-%dT%H:%M:%S.000Z"
"""The one form of a date that the client reads."""

_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n")


def pointer(oid: str, size: int) -> bytes:
    """What git holds instead of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()


class GitStore:
    def __init__(self, path: Path, xet_hash: Callable[[str], str | None]) -> None:
        self.path, self._xet_hash = path, xet_hash

    def git(self, *args: str, data: bytes = b"", env: dict[str, str] | None = None) -> bytes:
        done = self._run(args, data, env)
        if done.returncode:
            raise RuntimeError(f"git {args[0]}: {done.stderr.decode().strip()}")
        return done.stdout

    def ask(self, *args: str) -> str:
        """What git says; nothing where it refuses."""
        done = self._run(args, b"", None)
        return "" if done.returncode else done.stdout.decode().strip()

    def _run(
        self, args: tuple[str, ...], data: bytes, env: dict[str, str] | None
    ) -> "subprocess.CompletedProcess[bytes]":
        command = ["git", "--git-dir", str(self.path), *args]
        return subprocess.run(command, input=data, capture_output=True, env={**ENVIRONMENT, **(env or {})}, check=False)

    def create(self) -> None:
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main")
        self.commit("main", None, {".gitattributes": ATTRIBUTES}, [], "initial commit")

    def resolve(self, revision: str) -> str:
        sha = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if not sha:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha

    def tree(self, sha: str) -> list[dict[str, Any]]:
        """Every entry of a commit, folders included; large files with the digest and size of what they stand for."""
        return list(self._entries(self.git("ls-tree", "-r", "-t", "-l", "-z", sha)))

    def _entries(self, listing: bytes) -> Iterator[dict[str, Any]]:
        for line in filter(None, listing.split(b"\0")):
            meta, path = line.split(b"\t", 1)
            _, kind, oid, size = meta.decode().split()
            if kind == "tree":
                yield {"type": "directory", "oid": oid, "size": 0, "path": path.decode()}
            else:
                yield {"type": "file", "oid": oid, "size": int(size), "path": path.decode(), **self._large(oid, size)}

    def _large(self, oid: str, size: str) -> dict[str, Any]:
        found = _POINTER.fullmatch(self.blob(oid)) if int(size) < 300 else None
        if found is None:
            return {}
        sha256, real = found[1].decode(), int(found[2])
        xet = self._xet_hash(sha256)
        return {
            "size": real,
            "lfs": {"oid": sha256, "size": real, "pointerSize": int(size)},
            **({"xetHash": xet} if xet else {}),
        }

    def files(self, sha: str) -> dict[str, dict[str, Any]]:
        return {row["path"]: row for row in self.tree(sha) if row["type"] == "file"}

    def blob(self, oid: str) -> bytes:
        return self.git("cat-file", "blob", oid)

    def commit(self, branch: str, parent: str | None, adds: dict[str, bytes], deletes: list[str], message: str) -> str:
        """One commit; the branch moves only if it is still at `parent`."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            if parent:
                self.git("read-tree", parent, env=index)
            lines = [b"0 " + b"0" * 40 + b"\t" + path.encode() for path in deletes]
            for path, content in adds.items():
                oid = self.git("hash-object", "-w", "--stdin", data=content).strip()
                lines.append(b"100644 " + oid + b"\t" + path.encode())
            listing = b"".join(line + b"\0" for line in lines)
            self.git("update-index", "-z", "--add", "--remove", "--index-info", data=listing, env=index)
            tree = self.git("write-tree", env=index).decode().strip()
        parents = ["-p", parent] if parent else []
        new = self.git("commit-tree", tree, *parents, data=message.encode()).decode().strip()
        try:
            self.git("update-ref", f"refs/heads/{branch}", new, parent or "0" * 40)
        except RuntimeError:
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.") from None
        return new
