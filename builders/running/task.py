"""Task: what can be run anywhere, and again when whoever ran it came to an end."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

Tell = Callable[[range, int], None]
"""Told by a task, as it goes: the numbers of the units under way, and how many ended since it was last told."""

Done = Callable[[int], None]
"""Told how many more units of all tasks have ended."""


class Task(Protocol):
    """One piece of work, of which a copy can be sent elsewhere.

    It gives the name of the folder, in its setting's, that holds what it made.
    """

    def run(self, setting: Any, tell: Tell) -> Path:
        """Does the work.

        Args:
            setting: what all tasks of the build share.
            tell: told as it goes.

        Returns:
            The folder that holds what was made.
        """
        ...

    def suspects(self, at: range) -> range:
        """The units that may be under way from when it told of `at` until it tells of one outside of them."""
        ...

    def roots(self) -> list[Path]:
        """Folders of this machine that it reads, beside those of its setting."""
        ...

    def after_death(self, at: range, cause: str) -> Self:
        """The task as it is to be run next, after whoever ran it came to an end.

        Args:
            at: the units that were under way.
            cause: of what it died, for people.

        Raises:
            StorageError: it is not to be run again.
        """
        ...


class Runner(Protocol):
    """Runs the tasks of a build."""

    def run(self, setting: Any, tasks: Sequence[Task], done: Done) -> list[Path]:
        """Runs all tasks, in any order; the first error ends them all.

        Args:
            setting: what all of them share.
            tasks: what to do.
            done: told as units end.

        Returns:
            What each task gave, in their order.
        """
        ...


class InThisProcess:
    """Runs one task after the other, right here: where there is so little to do that a process would not pay."""

    def run(self, setting: Any, tasks: Sequence[Task], done: Done) -> list[Path]:
        """As `Runner.run`."""
        return [task.run(setting, lambda _, n: done(n)) for task in tasks]
