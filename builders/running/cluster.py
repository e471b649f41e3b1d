"""Cluster: tasks are run by Ray, on a cluster that is there or on one that is begun on this machine.

What a task makes it writes itself, into the folder beside the dataset, so that nothing large passes one machine;
that folder, and seeds that are no addresses, must lie where every node finds them under the same path.
"""

import logging
import os
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ray
from ray import exceptions as failures
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from dehusk.schema.errors import StorageError, UsageError

from .task import Done, Task

_MARK: Final = "cluster"
_WAIT: Final = 0.5  # seconds between looks at how far the tasks are
_LOST: Final = 10  # how often a task is begun again because its node is gone
_DEAD: Final = (failures.WorkerCrashedError, failures.OutOfMemoryError)
_GONE: Final = (failures.NodeDiedError, failures.LocalRayletDiedError, failures.ObjectLostError)


class RayCluster:
    """Runs tasks on Ray.

    Attributes:
        address: of the cluster; empty for the one that `RAY_ADDRESS` names, else one on this machine.
        variables: of the environment, that tasks find on every node.
    """

    def __init__(self, address: str, variables: Mapping[str, str]) -> None:
        self.address, self.variables = address, variables

    def run(self, setting: Any, tasks: Sequence[Task], done: Done) -> list[Path]:
        """As `Runner.run`. A task whose worker dies is put last, and begun again as it is after that."""
        if not tasks:
            return []
        setting.making.mkdir(exist_ok=True)
        mark = setting.making / _MARK
        mark.write_text(uuid.uuid4().hex, encoding="utf-8")
        with _connected(self.address, self.variables):
            return _Round(setting, mark, dict(enumerate(tasks)), done).run()


@contextmanager
def _connected(address: str, variables: Mapping[str, str]) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster begun here tells nobody of its use
    try:
        # "local": by None, Ray would look for a cluster that this machine once had, and that may be long gone
        named = address or os.environ.get("RAY_ADDRESS") or "local"
        ray.init(
            address=named,
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False,
            runtime_env={"env_vars": dict(variables)} if variables else None,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"Ray cannot be reached: {error}", "name the address of a cluster: --ray-address") from error
    try:
        yield
    finally:
        ray.shutdown()


class _Round:
    """The tasks of a run, and where each of them is."""

    def __init__(self, setting: Any, mark: Path, tasks: dict[int, Task], done: Done) -> None:
        self._tasks = tasks
        self._todo = deque(tasks)
        self._made: dict[int, Path] = {}
        self._running: dict[Any, int] = {}
        self._lost = dict.fromkeys(tasks, 0)
        self._done = done
        self._n_ended = 0
        self._shared = ray.put((setting, mark, mark.read_text(encoding="utf-8")))
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        self._board: Any = _BOARD.options(scheduling_strategy=here).remote()

    def run(self) -> list[Path]:
        resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
        at_once = 2 * max(1, int(resources.get("CPU", 1)))
        while self._todo or self._running:
            while self._todo and len(self._running) < at_once:
                number = self._todo.popleft()
                self._running[_work.remote(self._tasks[number], self._shared, self._board, number)] = number
            ready, _ = ray.wait(list(self._running), timeout=_WAIT)
            for reference in ready:
                self._take(reference)
            self._look()
        return [self._made[number] for number in range(len(self._tasks))]

    def _take(self, reference: Any) -> None:
        number = self._running.pop(reference)
        try:
            self._made[number] = ray.get(reference)
        except _GONE as error:
            self._lost[number] += 1
            if self._lost[number] > _LOST:
                raise StorageError(f"a task was lost {_LOST} times with its node: {error}", "build again") from error
            self._again(number)
        except _DEAD as error:
            at, _ = self._look()
            cause = "want of memory" if isinstance(error, failures.OutOfMemoryError) else "a crash"
            self._tasks[number] = self._tasks[number].after_death(at.get(number, range(0)), cause)
            self._again(number)
        except failures.RayTaskError as error:
            raise error.cause from error

    def _again(self, number: int) -> None:
        ray.get(self._board.forget.remote(number))
        self._todo.append(number)

    def _look(self) -> tuple[dict[int, range], int]:
        """What is under way, and how many units have ended."""
        at, n_ended = ray.get(self._board.read.remote())
        self._done(n_ended - self._n_ended)
        self._n_ended = n_ended
        return at, n_ended


class _Board:
    """Where tasks note how far they are."""

    def __init__(self) -> None:
        self._at: dict[int, range] = {}
        self._ended: dict[int, int] = {}

    def note(self, number: int, at: range, n_ended: int) -> None:
        self._at[number] = at
        self._ended[number] = self._ended.get(number, 0) + n_ended

    def forget(self, number: int) -> None:
        self._at.pop(number, None)
        self._ended.pop(number, None)

    def read(self) -> tuple[dict[int, range], int]:
        return self._at, sum(self._ended.values())


_BOARD: Final[Any] = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(_Board)


@ray.remote(num_cpus=1, max_retries=0)
def _work(task: Task, shared: tuple[Any, Path, str], board: Any, number: int) -> Path:
    """One task, on whatever node it is."""
    setting, mark, token = shared
    _see_that_shared(task, mark, token)
    noted = range(0)

    def tell(at: range, n_ended: int) -> None:
        nonlocal noted
        if n_ended or not at or at.start not in noted:
            noted = task.suspects(at)
            ray.get(board.note.remote(number, noted, n_ended))

    return task.run(setting, tell)


def _see_that_shared(task: Task, mark: Path, token: str) -> None:
    try:
        shared = mark.read_text(encoding="utf-8") == token
    except OSError:
        shared = False
    missing = [] if shared else [str(mark.parent.parent)]
    missing += [str(root) for root in task.roots() if not root.is_dir()]
    if missing:
        raise UsageError(
            f"a node of the cluster does not find {missing[0]}",
            "let seeds and --out lie on a file system that all nodes share, under one path; or name seeds by address",
        )
