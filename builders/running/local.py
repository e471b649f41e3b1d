"""Local: tasks are run in processes of this machine, which may come to an end without ending the build.

The processes are started as new interpreters, not forked: Arrow and the matrix library have threads, which a fork
would tear, and no main module of the caller is run anew.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

from .task import Done, Task

_PROGRAM: Final = "from dehusk.builders.running.local import serve; serve({})"
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LOOK: Final = 0.25  # seconds between looks whether the parent is still there


def count_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(slots=True)
class _Worker:
    """A process, the number of its task, and the units of it that are under way."""

    process: "subprocess.Popen[bytes]"
    line: Connection
    number: int = -1
    at: range = range(0)
    n_ended: int = 0


@dataclass(frozen=True, slots=True)
class Processes:
    """Runs tasks in processes.

    Attributes:
        n_workers: how many.
    """

    n_workers: int

    def run(self, setting: Any, tasks: Sequence[Task], done: Done) -> list[Path]:
        """As `Runner.run`. A task whose process dies is put last, and given to another one as it is after that."""
        team = _Team(setting, dict(enumerate(tasks)), done)
        try:
            while len(team.made) < len(tasks):
                team.give(self.n_workers)
                team.hear()
        finally:
            team.end()
        return [team.made[number] for number in range(len(tasks))]


class _Team:
    """The processes of a run, and what each of them does."""

    def __init__(self, setting: Any, tasks: dict[int, Task], done: Done) -> None:
        self.made: dict[int, Path] = {}
        self._setting = setting
        self._tasks = tasks
        self._done = done
        self._todo = deque(tasks)
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def give(self, n_workers: int) -> None:
        """Gives tasks to as many processes."""
        while self._todo and len(self._busy) < n_workers:
            worker = self._idle.pop() if self._idle else _start(self._setting)
            self._busy.append(worker)
            worker.number, worker.at, worker.n_ended = self._todo.popleft(), range(0), 0
            with suppress(OSError):  # it is dead: reading from it will say so
                worker.line.send(self._tasks[worker.number])

    def hear(self) -> None:
        """Waits until a process says something, or dies."""
        ready = wait([worker.line for worker in self._busy])
        for worker in [worker for worker in self._busy if worker.line in ready]:
            try:
                kind, what = worker.line.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if kind == "failed":
                raise what
            if kind == "made":
                self.made[worker.number] = what
                self._busy.remove(worker)
                self._idle.append(worker)
            else:
                worker.at, n_ended = what
                worker.n_ended += n_ended
                self._done(n_ended)

    def _bury(self, worker: _Worker) -> None:
        self._busy.remove(worker)
        self._done(-worker.n_ended)
        self._tasks[worker.number] = self._tasks[worker.number].after_death(worker.at, _cause(worker))
        self._todo.append(worker.number)

    def end(self) -> None:
        """Ends all processes at once: what they had not finished is not used."""
        for worker in [*self._idle, *self._busy]:
            worker.process.kill()
        for worker in [*self._idle, *self._busy]:
            worker.process.wait()
            worker.line.close()


def _start(setting: Any) -> _Worker:
    here, there = socket.socketpair()
    with here, there:
        process = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-P", "-c", _PROGRAM.format(there.fileno())],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            env=os.environ | _ONE_THREAD,
            process_group=0,  # an interrupt from the terminal is for the parent, which ends its workers
        )
        worker = _Worker(process, Connection(here.detach()))
    with suppress(OSError):
        worker.line.send(setting)
    return worker


def _cause(worker: _Worker) -> str:
    worker.line.close()
    code = worker.process.wait()
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


# -- in the process --


def serve(descriptor: int) -> None:
    """Runs in a process: takes a setting, then tasks, and gives what they make, until its parent is gone."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    import pyarrow as pa

    pa.set_cpu_count(1)
    line = Connection(descriptor)
    with suppress(EOFError, OSError):
        setting = line.recv()
        while True:
            line.send(_answer(setting, line.recv(), line))


def _answer(setting: Any, task: Task, line: Connection) -> tuple[str, Any]:
    def tell(at: range, n_ended: int) -> None:
        line.send(("told", (at, n_ended)))

    try:
        return "made", task.run(setting, tell)
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system would have done a little later
        raise
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        import traceback

        error.add_note("".join(traceback.format_exception(error)))
        return "failed", error


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)
