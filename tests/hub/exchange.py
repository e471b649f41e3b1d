"""One request and its answer."""

import base64
import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from .faults import Fault, RefusedError
from .store import GitStore

if TYPE_CHECKING:
    from .server import Account, Hub


@dataclass
class Call:
    """What is remembered of a request.

    Attributes:
        token: which secret it carried: hub, xet, other or none.
        leak: where else than in `Authorization` a token of the hub was seen; empty for nowhere.
        fault: what was made to go wrong.
        bug: an error of the test hub itself.
    """

    origin: str
    method: str
    path: str
    query: str
    token: str
    headers: dict[str, str]
    status: int | None = None
    body_bytes: int = 0
    fault: str = ""
    leak: str = ""
    unhandled: bool = False
    bug: str = ""


@dataclass
class Exchange:
    hub: "Hub"
    handler: BaseHTTPRequestHandler
    call: Call
    fault: Fault | None
    body: bytes = b""
    account: "Account | None" = None
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {name.lower(): value for name, value in self.handler.headers.items()}

    # -- what was asked --

    @property
    def raw_path(self) -> str:
        return urlsplit(self.handler.path).path

    def asked(self, name: str, default: str = "") -> str:
        """A value of the query."""
        return parse_qs(self.call.query, keep_blank_values=True).get(name, [default])[0]

    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found

    def read_body(self, limit: int | None = None) -> bytes:
        stream = self.handler.rfile
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            length = int(self.headers.get("content-length") or 0)
            return stream.read(length if limit is None else min(limit, length))
        parts = []
        while size := int(stream.readline().split(b";")[0] or b"0", 16):
            parts.append(stream.read(size))
            stream.readline()
            if limit is not None and sum(map(len, parts)) >= limit:
                return b"".join(parts)
        stream.readline()
        return b"".join(parts)

    # -- who asks --

    def identify(self) -> "Account | None":
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if self.call.origin == "storage" or not kind:
            return None
        if kind == "Basic":  # git sends user:token
            value = base64.b64decode(value).decode().partition(":")[2]
        if value not in self.hub.accounts:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.hub.accounts[value]

    def need_account(self) -> "Account":
        if self.account is None:
            raise RefusedError(401, "Invalid username or password.")
        return self.account

    def open(self, kind: str | None, repo: str, *, write: bool = False) -> GitStore:
        """The repository, if whoever asks may see it, or write to it."""
        kind = kind or "models"
        about, account = self.hub.about(kind, repo), self.account
        mine = account is not None and repo.split("/", maxsplit=1)[0] in (account.name, *account.orgs)
        if about is None or (about["private"] and not mine):
            raise RefusedError(404 if account else 401, "Repository not found", "RepoNotFound")
        if write and (account is None or not mine or account.role == "read"):
            raise RefusedError(403 if account else 401, "You don't have the required permissions to write to this repo")
        return self.hub.store(kind, repo)

    # -- the answer --

    def json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def send(self, data: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> None:
        if self.fault and self.fault.lose_answer:
            self.cut()
            return
        self.call.status = status
        self.handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        if self.fault and self.fault.half_answer:
            self.handler.wfile.write(data[: len(data) // 2])
            self.handler.wfile.flush()
            self.cut()
        elif self.handler.command != "HEAD":
            self.handler.wfile.write(data)

    def ranged(self, data: bytes, headers: dict[str, str]) -> None:
        """The part that `Range` asks for."""
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("range", ""))
        if found is None or found.groups() == ("", ""):
            self.send(data, 200, headers)
            return
        first, last = found.groups()
        start = int(first) if first else max(0, len(data) - int(last))
        stop = min(int(last), len(data) - 1) if first and last else len(data) - 1
        if start >= len(data):
            self.send(b"", 416, {**headers, "Content-Range": f"bytes */{len(data)}"})
        else:
            where = {"Content-Range": f"bytes {start}-{stop}/{len(data)}"}
            self.send(data[start : stop + 1], 206, {**headers, **where})

    def refuse(self, no: RefusedError) -> None:
        self.json({"error": no.message, **no.more}, no.status, no.headers())

    def cut(self) -> None:
        self.handler.close_connection = True
        with suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)

    def groups(self, found: "re.Match[str]") -> dict[str, str | None]:
        return {name: value if value is None else unquote(value) for name, value in found.groupdict().items()}
