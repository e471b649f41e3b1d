"""Door: who may come in. A token that is good once becomes a cookie; each request says for which host it is meant.

What could come in otherwise: another user of the machine (who has no token), a page of the web open in the same browser
(whose requests have another Origin, and no cookie, since it is SameSite=Strict), and a name of the web that was made to
lead to this machine (whose requests have another Host).
"""

import secrets
import threading
from email.message import Message
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie

HOST = "127.0.0.1"
"""The one address that is listened to: no other machine can reach it."""


class Door:
    """The door of one server.

    Attributes:
        authority: host and port, as requests must name them.
        token: what the first request must show.
    """

    def __init__(self, port: int) -> None:
        self.authority = f"{HOST}:{port}"
        self.token = secrets.token_urlsafe(32)
        self._name = f"dehusk-{port}"  # browsers keep cookies by host, not by port
        self._cookie = secrets.token_urlsafe(32)
        self._unused = True
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address to open, once."""
        return f"http://{self.authority}/?token={self.token}"

    def admit(self, token: str) -> str | None:
        """The `Set-Cookie` header for who shows the token first; None for anyone else."""
        with self._lock:
            if not (self._unused and compare_digest(token.encode(), self.token.encode())):
                return None
            self._unused = False
        return f"{self._name}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"

    def is_for_us(self, headers: Message) -> bool:
        """Whether a request names this host."""
        return headers.get("Host") == self.authority

    def is_known(self, headers: Message) -> bool:
        """Whether a request has the cookie."""
        try:
            found = SimpleCookie(headers.get("Cookie", "")).get(self._name)
        except CookieError:
            return False
        return found is not None and compare_digest(found.value.encode(), self._cookie.encode())

    def is_from_us(self, headers: Message) -> bool:
        """Whether a request was made by a page of this server."""
        return headers.get("Origin") == f"http://{self.authority}"
