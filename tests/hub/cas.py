"""Large files the newer way, which the client takes by default: xet, chunks in a store of their own."""

import json
import re
import time
from typing import Any

from .exchange import Exchange
from .faults import RefusedError
from .lfs import check_signature
from .routes import route
from .xet import read_shard, read_xorb


@route("GET", "/api/{repo}/xet-(?P<mode>read|write)-token/{rev}")
def token(call: Exchange, kind: str, repo: str, mode: str, rev: str) -> None:
    del rev
    if not call.hub.settings.xet:
        raise RefusedError(404, "this hub has no xet storage")
    call.open(kind, repo, write=mode == "write")
    address, expires = call.hub.cas, int(time.time()) + 3600
    secret = call.hub.xet_token(mode)
    headers = {"X-Xet-Cas-Url": address, "X-Xet-Token-Expiration": str(expires), "X-Xet-Access-Token": secret}
    call.json({"casUrl": address, "exp": expires, "accessToken": secret}, headers=headers)


def _need(call: Exchange, mode: str) -> None:
    secret = call.headers.get("authorization", "").removeprefix("Bearer ")
    if secret not in (call.hub.xet_token(mode), call.hub.xet_token("write")):
        raise RefusedError(401, "bad xet token")


@route("GET", "/cas/[0-9a-f]+/v1/chunks/[^/]+/{sha256}", "storage")
@route("POST", "/cas/[0-9a-f]+/v1/xorb-grants/[^/]+/{sha256}", "storage")
@route("POST", "/cas/[0-9a-f]+/v2/shards", "storage")
@route("GET", "/cas/[0-9a-f]+/v2/reconstructions/{sha256}", "storage")
def not_offered(call: Exchange) -> None:
    """Asked first; the client then takes the plain way."""
    del call
    raise RefusedError(404, "not offered")


@route("POST", "(?:/cas/[0-9a-f]+)?/v1/telemetry", "storage")
def telemetry(call: Exchange) -> None:
    call.json({})


@route("POST", "/cas/[0-9a-f]+/v1/xorbs/default/(?P<xorb>{sha256})", "storage")
def put_xorb(call: Exchange, xorb: str) -> None:
    _need(call, "write")
    path = call.hub.root / "xorbs" / xorb
    new = not path.exists()
    path.write_bytes(call.body)
    call.json({"was_inserted": new})


@route("POST", "/cas/[0-9a-f]+/v1/shards", "storage")
def put_shard(call: Exchange) -> None:
    _need(call, "write")
    for file_hash, sha256, terms in read_shard(call.body):
        chunks = [_chunks(call, xorb)[1][first:last] for xorb, first, last in terms]
        content = b"".join(chunk for run in chunks for chunk in run)
        call.hub.store_object(sha256, content)  # proves that what arrived is what the client hashed
        (call.hub.root / "xet" / file_hash).write_text(json.dumps({"sha256": sha256, "terms": terms}))
        (call.hub.root / "xet" / f"sha256-{sha256}").write_text(file_hash)
    call.json({"result": 1})


def _chunks(call: Exchange, xorb: str) -> tuple[list[int], list[bytes]]:
    return read_xorb((call.hub.root / "xorbs" / xorb).read_bytes())


@route("GET", "/cas/[0-9a-f]+/v1/reconstructions/(?P<file>{sha256})", "storage")
def get_file(call: Exchange, file: str) -> None:
    _need(call, "read")
    path = call.hub.root / "xet" / file
    if not path.exists():
        raise RefusedError(404, "no such file")
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("range", ""))
    first, last = (int(asked[1]), int(asked[2] or 1 << 60)) if asked else (0, 1 << 60)
    terms: list[dict[str, Any]] = []
    fetch: dict[str, list[dict[str, Any]]] = {}
    at = skip = 0
    for xorb, start, stop in json.loads(path.read_text())["terms"]:
        offsets, chunks = _chunks(call, xorb)
        length = sum(map(len, chunks[start:stop]))
        if at + length > first and at <= last:
            skip = skip if terms else first - at
            run = {"start": start, "end": stop}
            terms.append({"hash": xorb, "unpacked_length": length, "range": run})
            place = {"start": offsets[start], "end": offsets[stop] - 1}
            part = {"range": run, "url": call.hub.sign(f"/xorb/{xorb}"), "url_range": place}
            if part not in fetch.setdefault(xorb, []):
                fetch[xorb].append(part)
        at += length
    if first >= at:
        raise RefusedError(416, "past the end")
    call.json({"offset_into_first_range": skip, "terms": terms, "fetch_info": fetch})


@route("GET", "/xorb/(?P<xorb>{sha256})", "storage")
def get_xorb(call: Exchange, xorb: str) -> None:
    check_signature(call)
    call.ranged((call.hub.root / "xorbs" / xorb).read_bytes(), {"Accept-Ranges": "bytes"})
