"""Extras: packages that only some sources need."""

from collections.abc import Iterator
from contextlib import contextmanager

from dehusk.schema.errors import UsageError


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Says how to install the packages of an extra, where an import within finds them missing.

    Args:
        extra: its name in `pyproject.toml`.
        what: what needs it, for the message.

    Raises:
        UsageError: a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        tip = f"pip install 'dehusk[{extra}]'"
        raise UsageError(f"{what} needs {error.name}, which is not installed", tip) from error
