"""Which function answers which request."""

import re
from collections.abc import Callable
from typing import NamedTuple

from .exchange import Exchange

Answer = Callable[..., None]


class Route(NamedTuple):
    origin: str
    method: str
    pattern: "re.Pattern[str]"
    answer: Answer


ROUTES: list[Route] = []

_PARTS = {
    "{repo}": r"(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+?)",
    "{git}": r"(?:(?P<kind>datasets|spaces)/)?(?P<repo>[^/]+/[^/]+?)(?:\.git)?",
    "{rev}": r"(?P<rev>[^/]+)",
    "{sha256}": r"[0-9a-f]{64}",
}


def route(method: str, pattern: str, origin: str = "hub") -> Callable[[Answer], Answer]:
    """Registers a function for requests to one of the two addresses; its parameters are the pattern's groups."""
    for name, part in _PARTS.items():
        pattern = pattern.replace(name, part)

    def add(answer: Answer) -> Answer:
        ROUTES.append(Route(origin, method, re.compile(pattern + "/?$"), answer))
        return answer

    return add


def find(call: Exchange) -> "tuple[Answer, re.Match[str]] | None":
    """The function for a request; HEAD is answered as GET is."""
    method = "GET" if call.call.method == "HEAD" else call.call.method
    for one in ROUTES:
        if (one.origin, one.method) == (call.call.origin, method) and (found := one.pattern.match(call.raw_path)):
            return one.answer, found
    return None
