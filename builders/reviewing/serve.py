"""Serve: the review's page and its few requests, on this machine alone."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from dehusk.schema.errors import DehuskError, StorageError, UsageError
from dehusk.schema.labels import DESCRIPTIONS, GROUPS

from .desk import Desk
from .door import HOST, Door

MOST_BYTES: Final = 4 << 20
"""Bytes of a request's body: a page of 100,000 lines, all labelled at once, has half of it."""

KEYS: Final = {
    "title": "t",
    "summary": "s",
    "heading": "h",
    "paragraph": "p",
    "list_item": "l",
    "byline": "b",
    "date": "d",
    "section": "e",
    "caption": "c",
    "navigation": "n",
    "interface": "i",
    "related": "r",
    "promotion": "a",
    "comment": "m",
    "consent": "k",
    "legal": "g",
    "noise": "x",
}
"""The key that gives each label."""

_FILES: Final = {
    "/": ("review.html", "text/html; charset=utf-8"),
    "/review.css": ("review.css", "text/css; charset=utf-8"),
    "/review.js": ("review.js", "text/javascript; charset=utf-8"),
    "/labels.css": ("labels.css", "text/css; charset=utf-8"),
}

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a correction: the page, and by line its label, or null to leave it to the model again."""

    page: int
    labels: dict[int, str | None]


class ReviewServer(ThreadingHTTPServer):
    """A server of one desk behind one door.

    Args:
        desk: the pages under review.
        port: where to listen; 0 for any that is free.
    """

    daemon_threads = True  # a browser keeps connections open that would hold up the end

    def __init__(self, desk: Desk, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.desk = desk
        self.door = Door(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that went away in the middle."""


def serve_review(desk: Desk, port: int, ready: Callable[[str], None]) -> None:
    """Serves until it is interrupted.

    Args:
        desk: the pages under review.
        port: where to listen; 0 for any that is free.
        ready: told the address to open, once it can be opened.

    Raises:
        UsageError: the port is taken.
    """
    try:
        server = ReviewServer(desk, port)
    except OSError as error:
        raise UsageError(f"cannot listen on port {port}: {error.strerror}", "name another one, or none") from error
    with server:
        ready(server.door.url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            desk.counted()  # waits for a correction that is being written


class _Reply(NamedTuple):
    """What a request gets."""

    status: HTTPStatus
    kind: str
    body: bytes
    headers: Mapping[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = 30  # seconds that a request may take to come in
    server_version = "dehusk"
    sys_version = ""

    def do_GET(self) -> None:
        """Gives the page, its files, and what is under review."""
        self._send(self._refusal() or self._admission() or self._stranger() or self._given(urlsplit(self.path).path))

    def do_POST(self) -> None:
        """Takes a correction."""
        self._send(self._refusal() or self._foreign() or self._stranger() or self._taken())

    def _refusal(self) -> _Reply | None:
        for_us = self.server.door.is_for_us(self.headers)
        return None if for_us else _plain(HTTPStatus.MISDIRECTED_REQUEST, "this host is not served here")

    def _stranger(self) -> _Reply | None:
        if self.server.door.is_known(self.headers):
            return None
        return _plain(HTTPStatus.FORBIDDEN, "open the address that `dehusk review` printed; it is good once")

    def _foreign(self) -> _Reply | None:
        if self.server.door.is_from_us(self.headers):
            return None
        return _plain(HTTPStatus.FORBIDDEN, "only a page of this server may say that")

    def _admission(self) -> _Reply | None:
        """Who shows the token gets the cookie, and an address without the token."""
        token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        cookie = self.server.door.admit(token)
        if cookie is None:
            return None
        return _Reply(HTTPStatus.SEE_OTHER, "text/plain", b"", {"Location": "/", "Set-Cookie": cookie})

    def _given(self, path: str) -> _Reply:
        if path in _FILES:
            name, kind = _FILES[path]
            return _Reply(HTTPStatus.OK, kind, _asset(name))
        if path == "/favicon.ico":  # which browsers ask for unasked
            return _Reply(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        if path == "/pages":
            return _json(lambda: {"pages": self.server.desk.listing(), "labels": _labels()})
        number = path.removeprefix("/pages/")
        if number != path and number.isascii() and number.isdigit() and len(number) < 10:
            return _json(lambda: self.server.desk.page(int(number)))
        return _plain(HTTPStatus.NOT_FOUND, "there is no such thing")

    def _taken(self) -> _Reply:
        if self.path != "/labels":
            return _plain(HTTPStatus.NOT_FOUND, "there is no such thing")
        if self.headers.get("Content-Type") != "application/json":
            return _plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a correction is JSON")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return _plain(HTTPStatus.LENGTH_REQUIRED, "the length of a correction must be stated")
        if len(length) > 9 or int(length) > MOST_BYTES:
            return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "that is too long for a correction")
        body = self.rfile.read(int(length))
        return _json(lambda: self._tell(body))

    def _tell(self, body: bytes) -> dict[str, Any]:
        try:
            told = msgspec.json.decode(body, type=_Told)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise UsageError(f"that is no correction: {error}") from None
        return {"told": self.server.desk.tell(told.page, told.labels)}

    def _send(self, reply: _Reply) -> None:
        self.send_response(reply.status)
        for name, value in (_HEADERS | dict(reply.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
        """Says nothing: the token is in the first address."""


def _plain(status: HTTPStatus, why: str) -> _Reply:
    return _Reply(status, "text/plain; charset=utf-8", f"{why}\n".encode())


def _json(work: Callable[[], dict[str, Any]]) -> _Reply:
    """What the work gives, or why it gives nothing."""
    try:
        status, value = HTTPStatus.OK, work()
    except DehuskError as error:
        broken = isinstance(error, StorageError)
        status = HTTPStatus.INTERNAL_SERVER_ERROR if broken else HTTPStatus.BAD_REQUEST
        value = {"error": error.message, "tip": error.tip}
    return _Reply(status, "application/json", json.dumps(value).encode())


def _labels() -> list[dict[str, str]]:
    return [
        {"label": label, "group": group, "key": KEYS[label], "about": DESCRIPTIONS[label]}
        for group, labels in GROUPS.items()
        for label in labels
    ]


def _asset(name: str) -> bytes:
    room = "reporting" if name == "labels.css" else "reviewing"
    return files(f"dehusk.builders.{room}").joinpath(name).read_bytes()
