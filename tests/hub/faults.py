"""What can go wrong on the way, on purpose."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any


class RefusedError(Exception):
    """An error answer. `code` goes into `X-Error-Code`, from which the client makes its exceptions."""

    def __init__(self, status: int, message: str, code: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.more = status, message, code, more

    def headers(self) -> dict[str, str]:
        return {"X-Error-Message": self.message, **({"X-Error-Code": self.code} if self.code else {})}


@dataclass
class Fault:
    """One thing that goes wrong: an answer that says so, a connection that is cut, or time that passes.

    Attributes:
        method: of the requests it happens to.
        path: pattern that is searched in their path.
        times: how often it happens.
        skip: how many of them get through before.
        status: answers with this status instead of doing the work ...
        headers: ... and these headers.
        cut: cuts the connection before the work is done, when `after_bytes` of the body were read.
        after_bytes: see `cut`.
        lose_answer: does the work, then cuts the connection without an answer.
        half_answer: does the work, then cuts the connection in the middle of the answer.
        delay: seconds to wait before anything.
        meanwhile: what somebody else does before anything.
    """

    method: str
    path: str
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    after_bytes: int = 0
    lose_answer: bool = False
    half_answer: bool = False
    delay: float = 0.0
    meanwhile: Callable[[], object] = lambda: None

    @property
    def name(self) -> str:
        return str(self.status) if self.status else "cut" if self.cut else "lost" if self.lose_answer else "other"


class Faults:
    """The faults still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = RLock()

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that happens to this request, if any."""
        with self._lock:
            for fault in self._waiting:
                if fault.times and fault.method == method and re.search(fault.path, path):
                    if fault.skip:
                        fault.skip -= 1
                        return None
                    fault.times -= 1
                    return fault
        return None
