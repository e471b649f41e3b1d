"""The hub: what it stores, who may use it, and two servers on this machine."""

import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from . import cas, lfs, reading, repositories, smart_http, writing
from .exchange import Call, Exchange
from .faults import Fault, Faults, RefusedError
from .routes import find
from .store import GitStore

WRITE_TOKEN = "hf_" + "QzWritingTokenOfTheTests"
READ_TOKEN = "hf_" + "QzReadingTokenOfTheTests"

ROOMS = (cas, lfs, reading, repositories, smart_http, writing)
"""The modules that answer; importing them registers their routes."""


@dataclass(frozen=True)
class Account:
    name: str
    role: str = "write"
    orgs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How the hub behaves.

    Attributes:
        page_size: entries in one page of a tree.
        regular_limit: bytes from which a file is large whatever its name.
        multipart_from: bytes from which LFS takes a file in parts; None for never.
        part_size: bytes of such a part.
        xet: whether it offers xet.
        loses: a file that it leaves out of every commit without a word; empty for none.
    """

    page_size: int = 1000
    regular_limit: int = 10_000_000
    multipart_from: int | None = None
    part_size: int = 5_000_000
    xet: bool = True
    loses: str = ""


class Hub:
    """A hub with the accounts `ada` (who is in `harbour`, too) and `bo`."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self.root, self.settings = root, settings or Settings()
        self.accounts = {
            WRITE_TOKEN: Account("ada", orgs=("harbour",)),
            READ_TOKEN: Account("ada", "read"),
            "hf_" + "QzTokenOfBo": Account("bo"),
        }
        for folder in ("lfs", "xorbs", "xet"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.calls: list[Call] = []
        self.faults = Faults()
        self.lock = threading.RLock()
        self._key = secrets.token_bytes(16)
        self._servers = [_Server(("127.0.0.1", 0), _handler(self, origin)) for origin in ("hub", "storage")]
        # Two names, since old clients tell addresses apart by their host alone.
        self.endpoint, self.storage = (
            f"http://{host}:{server.server_address[1]}"
            for host, server in zip(("127.0.0.1", "localhost"), self._servers, strict=True)
        )
        # The client remembers by address what is stored there, and another hub may come to have this port.
        self.cas = f"{self.storage}/cas/{secrets.token_hex(4)}"

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fail(self, method: str, path: str, **how: Any) -> None:
        """Makes a coming request fail; see `Fault`."""
        self.faults.add(Fault(method, path, **how))

    def asked(self, method: str, path: str) -> list[Call]:
        """The requests that came in, by method and pattern of path."""
        return [call for call in self.calls if call.method == method and re.search(path, call.path)]

    # -- repositories --

    def folder(self, kind: str, repo: str) -> Path:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo) or ".." in repo:
            raise RefusedError(400, f"Invalid repo name: {repo}")
        return self.root / kind / repo

    def about(self, kind: str, repo: str) -> dict[str, Any] | None:
        file = self.folder(kind, repo) / "about.json"
        found: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
        return found

    def describe(self, kind: str, repo: str, *, private: bool) -> None:
        created = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        about = {"created": created, **(self.about(kind, repo) or {}), "private": private}
        (self.folder(kind, repo) / "about.json").write_text(json.dumps(about))

    def store(self, kind: str, repo: str) -> GitStore:
        return GitStore(self.folder(kind, repo) / "git", self.xet_hash)

    # -- large files --

    def object_path(self, oid: str) -> Path:
        return self.root / "lfs" / oid

    def store_object(self, oid: str, data: bytes) -> None:
        if hashlib.sha256(data).hexdigest() != oid:
            raise RefusedError(400, "content does not match its sha256")
        descriptor, temporary = tempfile.mkstemp(dir=self.root / "lfs")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(self.object_path(oid))

    def xet_hash(self, sha256: str) -> str | None:
        path = self.root / "xet" / f"sha256-{sha256}"
        return path.read_text() if self.settings.xet and path.exists() else None

    def xet_token(self, mode: str) -> str:
        return f"{mode}-{self._key.hex()}"

    def signature(self, path: str) -> str:
        return hmac.new(self._key, path.encode(), "sha256").hexdigest()

    def sign(self, path: str) -> str:
        """An address of the storage that works without a token, as that of a bucket does."""
        return f"{self.storage}{path}?sig={self.signature(path)}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "hub", ""
    hub: Hub
    origin: str

    def log_message(self, *_: object) -> None:
        pass

    def answer(self) -> None:
        url = urlsplit(self.path)
        secret = self.headers.get("Authorization", "")
        others = {name.lower(): value for name, value in self.headers.items() if name.lower() != "authorization"}
        call = Call(self.origin, self.command, unquote(url.path), url.query, self._kind(secret), others)
        self.hub.calls.append(call)
        fault = self.hub.faults.take(self.command, call.path)
        exchange = Exchange(self.hub, self, call, fault)
        if fault is not None:
            call.fault = fault.name
            time.sleep(fault.delay)
            fault.meanwhile()
        with suppress(BrokenPipeError, ConnectionResetError):
            self._serve(exchange)

    def _serve(self, exchange: Exchange) -> None:
        call, fault = exchange.call, exchange.fault
        if fault is not None and fault.cut:
            exchange.read_body(fault.after_bytes)
            exchange.cut()
            return
        exchange.body = exchange.read_body()
        call.body_bytes = len(exchange.body)
        call.leak = self._leak(call, exchange.body)
        try:
            if fault is not None and fault.status:
                exchange.json({"error": f"injected {fault.status}"}, fault.status, fault.headers)
                return
            exchange.account = exchange.identify()
            self._dispatch(exchange)
        except RefusedError as no:
            exchange.refuse(no)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as bug:  # noqa: BLE001 - must be seen, not retried away as a 500
            call.bug = repr(bug)
            exchange.json({"error": f"bug of the test hub: {bug!r}"}, 400)

    def _dispatch(self, exchange: Exchange) -> None:
        found = find(exchange)
        if found is None:
            exchange.call.unhandled = True
            raise RefusedError(404, f"the test hub has no {self.command} {exchange.raw_path}")
        answer, match = found
        answer(exchange, **exchange.groups(match))

    def _kind(self, secret: str) -> str:
        if any(token in secret for token in self.hub.accounts):
            return "hub"
        return "xet" if secret.endswith(self.hub.xet_token("")) else "other" if secret else "none"

    def _leak(self, call: Call, body: bytes) -> str:
        where = {"address": self.path, "headers": str(call.headers)}
        for token in self.hub.accounts:
            for place, text in where.items():
                if token in text:
                    return place
            if token.encode() in body:
                return "body"
        return ""

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of http.server


def _handler(hub: Hub, origin: str) -> type[_Handler]:
    return type("Handler", (_Handler,), {"hub": hub, "origin": origin})
