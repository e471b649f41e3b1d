"""Names of a package that are loaded when they are first asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module


def loaded_late(package: str, home: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose public names stand in its modules.

    Args:
        package: name of the package.
        home: for each public name, the module of the package that has it.
    """

    def get(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{home[name]}", package), name)

    return get, lambda: sorted({*vars(import_module(package)), *home})
