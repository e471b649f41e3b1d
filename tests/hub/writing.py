"""Changing a repository: which files are large, commits, tags, branches."""

import base64
import fnmatch
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .exchange import Exchange
from .faults import RefusedError
from .routes import route
from .store import ENVIRONMENT, GitStore, pointer


@route("POST", "/api/{repo}/preupload/{rev}")
def preupload(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store, want = call.open(kind, repo, write=True), call.payload()
    there = store.files(store.resolve(rev))
    patterns = _large_patterns(store, there)
    ignored = _ignored(want.get("gitIgnore"), [file["path"] for file in want["files"]])
    answer = []
    for file in want["files"]:
        path, row = file["path"], there.get(file["path"], {})
        names = (path, path.rsplit("/", 1)[-1])
        large = file["size"] >= call.hub.settings.regular_limit or any(
            fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns
        )
        mode = "lfs" if large else "regular"
        oid = row.get("lfs", row).get("oid")
        answer.append({"path": path, "uploadMode": mode, "shouldIgnore": path in ignored, "oid": oid})
    call.json({"files": answer})


def _large_patterns(store: GitStore, there: dict[str, dict[str, Any]]) -> list[str]:
    text = store.blob(there[".gitattributes"]["oid"]).decode() if ".gitattributes" in there else ""
    return [line.split()[0] for line in text.splitlines() if "filter=lfs" in line]


def _ignored(rules: str | None, paths: list[str]) -> set[str]:
    if not rules:
        return set()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".gitignore").write_text(rules)
        git = ["git", "-C", folder]
        subprocess.run([*git, "init", "-q"], env=ENVIRONMENT, check=True)
        command = [*git, "check-ignore", "--no-index", "-z", "--stdin"]
        names = "\0".join(paths).encode()
        found = subprocess.run(command, env=ENVIRONMENT, input=names, capture_output=True, check=False)
    return set(found.stdout.decode().split("\0"))


@route("POST", "/api/{repo}/commit/{rev}")
def commit(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store = call.open(kind, repo, write=True)
    items = [json.loads(line) for line in call.body.splitlines() if line.strip()]
    header = next(item["value"] for item in items if item["key"] == "header")
    with call.hub.lock:
        head, parent = store.resolve(f"refs/heads/{rev}"), header.get("parentCommit")
        if parent and not head.startswith(parent):
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        files = list(store.files(head))
        adds: dict[str, bytes] = {}
        deletes: list[str] = []
        for item in items:
            if item["key"] in ("deletedFile", "deletedFolder"):
                deletes += _deleted(item, files)
            elif item["key"] != "header":
                adds[_safe(item["value"]["path"])] = _content(call, item)
        adds.pop(call.hub.settings.loses, None)
        message = "\n\n".join(filter(None, [header["summary"], header.get("description")]))
        new = store.commit(rev, head, adds, deletes, message)
    url = f"{call.hub.endpoint}/{kind}/{repo}/commit/{new}"
    call.json({"success": True, "commitOid": new, "commitUrl": url, "hookOutput": ""})


def _content(call: Exchange, item: dict[str, Any]) -> bytes:
    value = item["value"]
    if item["key"] == "file":
        return base64.b64decode(value["content"])
    if item["key"] != "lfsFile":
        raise RefusedError(400, f"unknown operation {item['key']}")
    path = call.hub.object_path(value["oid"])
    if not path.exists():
        raise RefusedError(400, f"LFS object {value['oid']} of {value['path']} was never uploaded")
    return pointer(value["oid"], path.stat().st_size)


def _deleted(item: dict[str, Any], files: list[str]) -> list[str]:
    path = item["value"]["path"]
    folder = path.rstrip("/") + "/"
    gone = [file for file in files if file == path or (item["key"] == "deletedFolder" and file.startswith(folder))]
    if not gone:
        raise RefusedError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
    return gone


def _safe(path: str) -> str:
    if path.startswith("/") or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise RefusedError(400, f"bad path {path!r}")
    return path


@route("POST", "/api/{repo}/tag/{rev}")
def tag(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store, want = call.open(kind, repo, write=True), call.payload()
    if store.ask("rev-parse", "--verify", "--quiet", f"refs/tags/{want['tag']}"):
        raise RefusedError(409, f"Tag reference exists already: {want['tag']}")
    message = ["-a", "-m", want["message"]] if want.get("message") else []
    store.git("tag", *message, want["tag"], store.resolve(rev))
    call.json({})


@route("DELETE", "/api/{repo}/tag/{rev}")
def untag(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store = call.open(kind, repo, write=True)
    store.resolve(f"refs/tags/{rev}")
    store.git("tag", "-d", rev)
    call.json({})


@route("POST", "/api/{repo}/branch/{rev}")
def branch(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store = call.open(kind, repo, write=True)
    if store.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{rev}"):
        raise RefusedError(409, f"Reference already exists: {rev}")
    store.git("branch", rev, store.resolve(call.payload().get("startingPoint") or "main"))
    call.json({})
