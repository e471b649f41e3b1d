"""How a record is made: seeds → read → cut → label → describe → compose → check → pack → a dataset folder.

`road.py` names the steps in order. The public names are loaded when they are first asked for, so that the command line
starts at once.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .build import build_dataset
    from .check import check_dataset
    from .parse import parse_page
    from .recipe import Recipe, read_recipe

__all__ = ["Recipe", "build_dataset", "check_dataset", "parse_page", "read_recipe"]

_HOME: Final = {
    "Recipe": "recipe",
    "build_dataset": "build",
    "check_dataset": "check",
    "parse_page": "parse",
    "read_recipe": "recipe",
}

if not TYPE_CHECKING:  # pragma: no branch - a type checker must not believe that every name is here

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOME[name]}", __name__), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
