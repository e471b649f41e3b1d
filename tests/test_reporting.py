"""What reports share: the colours of labels, and how much a page is to be doubted."""

import re
from importlib.resources import files

import numpy as np
import pytest

from dehusk.builders.labelling.doubt import page_doubt
from dehusk.schema.labels import LABELS

CSS = files("dehusk.builders.reporting").joinpath("labels.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
}


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


def test_every_label_has_a_colour_of_its_own() -> None:
    for theme in (0, 1):
        colours = [COLOURS[f"l-{label}"][theme] for label in LABELS]
        assert len(set(colours)) == len(LABELS)
    for label in LABELS:
        assert f'[data-label="{label}"] {{ --label: var(--l-{label}); }}' in CSS


@pytest.mark.parametrize("name", [*(f"l-{label}" for label in LABELS), "ink", "soft", "accent"])
def test_text_in_any_colour_can_be_read(name: str) -> None:
    """WCAG 2.2, 1.4.3: text wants a contrast of 4.5 to what it stands on."""
    for theme in (0, 1):
        for ground in ("paper", "sheet"):
            assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= 4.5


def test_doubt_is_the_share_of_wrong_lines_to_expect() -> None:
    page = np.array([0, 0, 0, 2, 2], np.int32)
    score = np.array([1.0, 0.9, 0.5, 0.25, 0.3], np.float32)
    assert page_doubt(page, score, 4).tolist() == [200, 0, 725, 0]


def test_doubt_does_not_depend_on_the_order_of_the_lines() -> None:
    score = (np.arange(1001) / 1000).astype(np.float32)
    page = np.zeros(1001, np.int32)
    assert page_doubt(page, score, 1) == page_doubt(page, score[::-1].copy(), 1) == [500]
