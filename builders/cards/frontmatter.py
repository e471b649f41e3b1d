"""The front matter of a card, read: plain YAML only, so that a card of another hand can do no harm."""

import re
from typing import Any, Final

import yaml

_FENCED: Final = re.compile(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n|$)", re.DOTALL)


class _Plain(yaml.SafeLoader):
    """YAML without aliases, by which a few lines can stand for more than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses an alias (`*name`)")
        return super().compose_node(parent, index)


def read_front_matter(card: str) -> dict[str, Any]:
    """Reads the front matter of a card.

    Args:
        card: its whole text.

    Raises:
        ValueError: there is none, or it is no plain YAML mapping; the message says which.
    """
    found = _FENCED.match(card.removeprefix("\ufeff"))
    if not found:
        raise ValueError("there is none")
    try:
        matter = yaml.load(found[1], Loader=_Plain)  # noqa: S506 - a kind of SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(matter, dict):
        raise ValueError(f"it is no mapping but a {type(matter).__name__}")  # noqa: TRY004 - the text is wrong, not a call
    return matter
