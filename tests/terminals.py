"""Runs the installed command in a terminal of its own."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

DEHUSK = Path(sys.executable).with_name("dehusk")

_COLOUR = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "TERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
_SWAYING = (*_COLOUR, "COLUMNS", "LINES", "PYTHONUNBUFFERED", "PYTHONIOENCODING")


def clean_environment() -> dict[str, str]:
    """The environment without what sways how things look and are written."""
    return {name: value for name, value in os.environ.items() if name not in _SWAYING}


def run_in_terminal(*args: str | Path, columns: int = 100, **variables: str) -> tuple[int, str]:
    """Runs `dehusk` with its output in a terminal.

    Args:
        args: its words.
        columns: width of the terminal.
        variables: environment variables; `TERM` is that of a terminal in colour by default.

    Returns:
        Its exit code, and all that the terminal was sent, line ends as `\\n`.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = clean_environment() | {"TERM": "xterm-256color", **variables}
    command = [str(DEHUSK), *map(str, args)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        sent = _read_all(ours)
    os.close(ours)
    return process.returncode, sent.decode().replace("\r\n", "\n")


def _read_all(terminal: int) -> bytes:
    parts = []
    while True:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:  # on Linux, the other end has been closed
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
