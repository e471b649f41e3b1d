"""What a repository holds: commits, trees, refs, files."""

from typing import Any
from urllib.parse import parse_qs, quote

from .exchange import Exchange
from .faults import RefusedError
from .routes import route
from .store import DATE, GitStore


@route("GET", "/api/{repo}(?:/revision/{rev})?")
def info(call: Exchange, kind: str, repo: str, rev: str | None) -> None:
    store, about = call.open(kind, repo), call.hub.about(kind, repo)
    assert about is not None
    sha = store.resolve(rev or "main")
    answer = {
        "_id": "0",
        "id": repo,
        "author": repo.split("/", maxsplit=1)[0],
        "sha": sha,
        "private": about["private"],
        "gated": False,
        "disabled": False,
        "createdAt": about["created"],
        "lastModified": store.git("show", "-s", DATE, "--format=%cd", sha).decode().strip(),
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "siblings": [{"rfilename": path} for path in store.files(sha)],
    }
    call.json(answer, headers={"X-Repo-Commit": sha})


@route("GET", "/api/{repo}/tree/{rev}(?P<path>/.*)?")
def tree(call: Exchange, kind: str, repo: str, rev: str, path: str | None) -> None:
    store, path = call.open(kind, repo), (path or "").strip("/")
    sha = store.resolve(rev)
    rows = [row for row in store.tree(sha) if not path or row["path"].startswith(path + "/")]
    if path and not rows:
        raise RefusedError(404, f"{path} does not exist on {rev}", "EntryNotFound")
    if call.asked("recursive").lower() != "true":
        depth = path.count("/") + 1 if path else 0
        rows = [row for row in rows if row["path"].count("/") == depth]
    start, size = int(call.asked("cursor", "0")), call.hub.settings.page_size
    headers = {"X-Repo-Commit": sha}
    if start + size < len(rows):
        pairs = parse_qs(call.call.query)
        query = "&".join(f"{name}={quote(values[0])}" for name, values in pairs.items() if name != "cursor")
        headers["Link"] = f'<{call.hub.endpoint}{call.raw_path}?{query}&cursor={start + size}>; rel="next"'
    expand = call.asked("expand").lower() == "true"
    call.json(_expanded(store, sha, rows[start : start + size], expand=expand), headers=headers)


@route("POST", "/api/{repo}/paths-info/{rev}")
def paths_info(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store = call.open(kind, repo)
    form: dict[str, Any] = (
        call.payload() if "json" in call.headers.get("content-type", "") else parse_qs(call.body.decode())
    )
    sha, expand = store.resolve(rev), str(form.get("expand", False)).lower() in ("true", "['true']")
    rows = [row for row in store.tree(sha) if row["path"] in form["paths"]]
    call.json(_expanded(store, sha, rows, expand=expand))


def _expanded(store: GitStore, sha: str, rows: list[dict[str, Any]], *, expand: bool) -> list[dict[str, Any]]:
    for row in rows if expand else []:
        last = store.git("log", "-1", DATE, "--format=%H%n%cd%n%s", sha, "--", row["path"]).decode()
        oid, date, title = last.split("\n")[:3]
        row["lastCommit"] = {"id": oid, "date": date, "title": title}
    return rows


@route("GET", "/api/{repo}/refs")
def refs(call: Exchange, kind: str, repo: str) -> None:
    out: dict[str, list[dict[str, str]]] = {"branches": [], "tags": [], "converts": [], "pullRequests": []}
    listing = call.open(kind, repo).git("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)").decode()
    for line in listing.splitlines():
        ref, sha, peeled = f"{line} ".split(" ")[:3]
        group = "branches" if ref.startswith("refs/heads/") else "tags"
        out[group].append({"name": ref.split("/", 2)[2], "ref": ref, "targetCommit": peeled or sha})
    call.json(out)


@route("GET", "/api/{repo}/commits/{rev}")
def commits(call: Exchange, kind: str, repo: str, rev: str) -> None:
    store = call.open(kind, repo)
    log = store.git("log", DATE, "--format=%H%x00%cd%x00%s%x00%b%x01", store.resolve(rev)).decode()
    rows = [row.strip("\n").split("\0") for row in log.split("\x01") if row.strip()]
    authors = [{"user": repo.split("/", maxsplit=1)[0]}]
    call.json([{"id": sha, "date": d, "title": t, "message": m, "authors": authors} for sha, d, t, m in rows])


@route("GET", "/{git}/(?:resolve|raw)/{rev}/(?P<path>.+)")
def download(call: Exchange, kind: str | None, repo: str, rev: str, path: str) -> None:
    store = call.open(kind, repo)
    sha = store.resolve(rev)
    row = store.files(sha).get(path)
    if row is None:
        no = RefusedError(404, "Entry not found", "EntryNotFound")
        call.json({"error": no.message}, 404, {**no.headers(), "X-Repo-Commit": sha})
        return
    headers = {"X-Repo-Commit": sha, "ETag": f'"{row["oid"]}"'}
    if "lfs" not in row:
        call.ranged(store.blob(row["oid"]), {**headers, "Accept-Ranges": "bytes"})
        return
    oid = row["lfs"]["oid"]
    headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(row["lfs"]["size"])}
    if "xetHash" in row:
        refresh = f"{call.hub.endpoint}/api/{kind or 'models'}/{repo}/xet-read-token/{sha}"
        headers |= {"X-Xet-Hash": row["xetHash"], "X-Xet-Refresh-Route": refresh}
        headers["Link"] = f'<{refresh}>; rel="xet-auth"'
    call.send(b"", 302, {**headers, "Location": call.hub.sign(f"/store/{oid}")})
