"""How a record is made: seeds → read → cut → label → describe → compose → check → pack → a dataset folder.

`road.py` names the steps in order. The public names are loaded when they are first asked for, so that the command line
starts at once.
"""

from typing import TYPE_CHECKING, Final

from dehusk.schema.lazy import loaded_late

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
    __getattr__, __dir__ = loaded_late(__name__, _HOME)
