"""Large files the older way: git LFS, whole or in parts, at signed addresses of the storage."""

import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from .exchange import Exchange
from .faults import RefusedError
from .routes import route

_TYPE = {"Content-Type": "application/vnd.git-lfs+json"}


@route("POST", "/{git}/info/lfs/objects/batch")
def batch(call: Exchange, kind: str | None, repo: str) -> None:
    want, transfer = call.payload(), "basic"
    upload = want["operation"] == "upload"
    call.open(kind, repo, write=upload)
    if upload and call.hub.settings.xet and "xet" in want.get("transfers", []):  # clients 1.x ask; later ones do not
        call.send(json.dumps({"transfer": "xet", "objects": []}).encode(), headers=_TYPE)
        return
    objects = []
    for wanted in want["objects"]:
        if not re.fullmatch("[0-9a-f]{64}", wanted["oid"]):
            raise RefusedError(422, "bad oid")
        out: dict[str, Any] = {"oid": wanted["oid"], "size": wanted["size"], "authenticated": True}
        if not upload:
            out |= _download(call, wanted["oid"])
        elif not _is_there(call, wanted):
            parts = "multipart" in want.get("transfers", []) and _needs_parts(call, wanted["size"])
            transfer = "multipart" if parts else transfer
            out["actions"] = {"upload": _upload(call, wanted, parts=parts), "verify": _verify(call, kind, repo)}
        objects.append(out)
    answer = {"transfer": transfer, "objects": objects, "hash_algo": "sha256"}
    call.send(json.dumps(answer).encode(), headers=_TYPE)


def _is_there(call: Exchange, wanted: dict[str, Any]) -> bool:
    path = call.hub.object_path(wanted["oid"])
    return path.exists() and path.stat().st_size == wanted["size"]


def _needs_parts(call: Exchange, size: int) -> bool:
    limit = call.hub.settings.multipart_from
    return limit is not None and size >= limit


def _download(call: Exchange, oid: str) -> dict[str, Any]:
    if call.hub.object_path(oid).exists():
        return {"actions": {"download": {"href": call.hub.sign(f"/store/{oid}")}}}
    return {"error": {"code": 404, "message": "Object does not exist"}}


def _verify(call: Exchange, kind: str | None, repo: str) -> dict[str, str]:
    return {"href": f"{call.hub.endpoint}/{kind or 'models'}/{repo}.git/info/lfs/objects/verify"}


def _upload(call: Exchange, wanted: dict[str, Any], *, parts: bool) -> dict[str, Any]:
    oid, size = wanted["oid"], call.hub.settings.part_size
    if not parts:
        return {"href": call.hub.sign(f"/store/{oid}")}
    upload, count = secrets.token_hex(8), -(-wanted["size"] // size)
    header = {f"{part:05d}": call.hub.sign(f"/store/{oid}/{upload}/{part}") for part in range(1, count + 1)}
    href = f"{call.hub.endpoint}/api/complete-multipart/{oid}/{upload}"
    return {"href": href, "header": {"chunk_size": str(size), **header}}


@route("POST", r"/(?:(?P<kind>models|datasets|spaces)/)?(?P<repo>[^/]+/[^/]+?)\.git/info/lfs/objects/verify")
def verify(call: Exchange, kind: str | None, repo: str) -> None:
    del kind, repo
    if not _is_there(call, call.payload()):
        raise RefusedError(404, "Object does not exist")
    call.json({})


@route("POST", "/api/complete-multipart/(?P<oid>{sha256})/(?P<upload>[0-9a-f]+)")
def complete(call: Exchange, oid: str, upload: str) -> None:
    numbers = [part["partNumber"] for part in call.payload()["parts"]]
    parts = [call.hub.root / "lfs" / f"{oid}.{upload}.{number}" for number in numbers]
    call.hub.store_object(oid, b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()
    call.json({})


def check_signature(call: Exchange) -> None:
    if not hmac.compare_digest(call.asked("sig"), call.hub.signature(call.raw_path)):
        raise RefusedError(403, "bad signature")


@route("PUT", r"/store/(?P<oid>{sha256})(?:/(?P<upload>[0-9a-f]+)/(?P<part>\d+))?", "storage")
def put(call: Exchange, oid: str, upload: str | None, part: str | None) -> None:
    check_signature(call)
    if part is None:
        call.hub.store_object(oid, call.body)
    else:
        (call.hub.root / "lfs" / f"{oid}.{upload}.{part}").write_bytes(call.body)
    call.send(headers={"ETag": f'"{hashlib.sha256(call.body).hexdigest()}"'})


@route("GET", "/store/(?P<oid>{sha256})", "storage")
def get(call: Exchange, oid: str) -> None:
    check_signature(call)
    if not call.hub.object_path(oid).exists():
        raise RefusedError(404, "no such object")
    call.ranged(call.hub.object_path(oid).read_bytes(), {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})


@route("POST", "/{git}/info/lfs/locks/verify")
def locks(call: Exchange, kind: str | None, repo: str) -> None:  # git-lfs asks before a push
    call.open(kind, repo)
    call.json({"ours": [], "theirs": []})
