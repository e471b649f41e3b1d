"""For processes that tests start: they may turn to this machine alone; every other try is written down.

So is, where a test asks for it, with which words they were started.
"""

import os
import sys
from pathlib import Path

HERE = ("127.0.0.1", "::1", "localhost")


def guard(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        refuse(args[0])
    elif event == "socket.connect" and isinstance(args[1], tuple):
        refuse(args[1][0])


def refuse(host: object) -> None:
    if host is not None and host not in HERE:
        with Path(os.environ["GUARD_LOG"]).open("a") as log:
            log.write(f"{host}\n")
        raise OSError(f"tests may not turn to {host}")


if "ARGV_LOG" in os.environ:
    with Path(os.environ["ARGV_LOG"]).open("a") as started:
        started.write(f"{' '.join(sys.orig_argv)}\n")
sys.addaudithook(guard)
