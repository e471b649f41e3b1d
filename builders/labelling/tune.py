"""Tune the line model to a few labelled pages: the weights that are there learn from them, held back in two ways.

A few pages say little of all others. So weights are pulled to where they were, and what they say of other pages, which
nobody labelled, is pulled to what they said of them; the vectors of words stay. It takes a minute, and the extra
packages of `dehusk[train]`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from numpy.typing import NDArray

from dehusk.schema.labels import LABELS, TEXT_LABELS

from .examples import EXACT, Examples, no_examples
from .hand import LabelledPage
from .model import LineModel
from .network import Batch, Network, Output, Parameters, Steps, Tensor, quantised, restored, rounding
from .own import with_own
from .train import make_batch
from .trial import decided_lines
from .vocabulary import Vocabulary

TABLES: Final = ("chances", "content", "threshold", "title")
"""What is taken over: a few pages are too few to choose them anew."""


@dataclass(frozen=True)
class Tuning:
    """How weights are tuned. `python tests/quality/corrections.py` measures what comes of it.

    Attributes:
        steps: how often all labelled pages are looked at.
        rate: the size of a step (Adam).
        pull: how much the squared way of the weights costs (L2-SP: Li, Grandvalet, Davoine, ICML 2018).
        keep: how much it costs to say something else of other pages.
        drop: the share of words that are not seen, anew in each step.
        at_once: how many other pages are looked at in a step.
    """

    steps: int = 60
    rate: float = 3e-4
    pull: float = 1.0
    keep: float = 4.0
    drop: float = 0.3
    at_once: int = 12


MOST_OTHERS: Final = 200
"""Other pages that are looked at; in all steps together, hardly more are."""


class Tuned(NamedTuple):
    """The arrays of `line_model.npz`, and what became of lines.

    told: lines with a label by hand; right_before and right_after: on how many of them the model says the same; others:
    lines of the other pages; changed: how many of those have another label now.
    """

    arrays: dict[str, Any]
    told: int
    right_before: int
    right_after: int
    others: int
    changed: int


def tune_model(
    stored: Mapping[str, NDArray[Any]],
    own: Sequence[LabelledPage],
    others: Sequence[LabelledPage],
    tuning: Tuning | None = None,
    seed: int = 1,
) -> Tuned:
    """Tunes weights; the same seed gives the same ones on one machine with the same versions.

    Args:
        stored: the arrays of `line_model.npz`.
        own: labelled pages; lines without a label are seen, but nothing is learnt from them.
        others: pages whose labels are to stay as they are; those they have do not count.
        tuning: how; None as is best by the measurements.
        seed: what chance begins with.
    """
    torch.set_num_threads(1)  # sums in one order
    chosen, kept = with_own(no_examples(), own), with_own(no_examples(), others)
    shape, start, steps = restored(stored)
    vocabulary = Vocabulary.of(stored["names"].astype(np.uint32))
    parameters = _learnt(
        chosen, kept, vocabulary, Network(shape, start, rounding(steps), steps=steps), tuning or Tuning(), seed
    )
    arrays = quantised(shape, parameters, steps, stored["names"]) | {name: stored[name] for name in TABLES}
    return Tuned(arrays, *_compared(stored, arrays, chosen, kept))


def save_weights(arrays: dict[str, Any], out: Path) -> None:
    """Writes `line_model.npz` into a folder, which is made when missing."""
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "line_model.npz", **arrays)


def _learnt(  # noqa: PLR0917 (its one caller)
    own: Examples, others: Examples, vocabulary: Vocabulary, before: Network, tuning: Tuning, seed: int
) -> Parameters:
    random = np.random.default_rng(seed)
    steps: Steps = before.steps or {}
    found = {name: value.clone().requires_grad_() for name, value in before.parameters.items()}
    learning = {name: value for name, value in found.items() if name != "words" and not name.startswith("page_type")}
    network = Network(before.shape, found, rounding(steps), steps=steps)
    optimiser = torch.optim.Adam(learning.values(), lr=tuning.rate)
    seen = make_batch(own, range(len(own.texts)), vocabulary, looks_up=False)
    target = torch.from_numpy(own.target.astype(np.int64))
    for _ in range(tuning.steps):
        network.refresh()
        loss = _told_loss(network(_dropped(seen, tuning.drop, random)), target)
        if others.texts:
            some = np.sort(random.choice(len(others.texts), min(tuning.at_once, len(others.texts)), replace=False))
            batch = make_batch(others, some.tolist(), vocabulary, looks_up=False)
            with torch.no_grad():
                said = before(batch)
            loss = loss + tuning.keep * _apart(network(batch), said)
        way = sum(((value - before.parameters[name]) ** 2).sum() for name, value in learning.items())
        loss = loss + tuning.pull * way
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return found


def _dropped(batch: Batch, share: float, random: np.random.Generator) -> Batch:
    """Lines of which some words are not seen."""

    def kept(weights: Tensor) -> Tensor:
        return weights * torch.from_numpy((random.random(tuple(weights.shape)) > share).astype(np.float32))

    return batch._replace(words_weight=kept(batch.words_weight), single_weight=kept(batch.single_weight))


def _told_loss(output: Output, target: Tensor) -> Tensor:
    """Of the labels by hand: which of the 17, text or not, the title or not."""
    known = target > 0
    label = target[known] - EXACT
    text = torch.tensor([name in TEXT_LABELS for name in LABELS])[label].float()
    title = (label == LABELS.index("title")).float()
    loss = F.cross_entropy(output.labels[known], label) + F.binary_cross_entropy_with_logits(
        output.content[known], text
    )
    return loss + 0.2 * F.binary_cross_entropy_with_logits(output.title[known], title)


def _apart(now: Output, before: Output) -> Tensor:
    """How far two networks are apart: divergence of the labels, squared differences of the other chances."""
    labels = F.kl_div(F.log_softmax(now.labels, 1), F.softmax(before.labels, 1), reduction="none").sum(1).mean()
    content = ((torch.sigmoid(now.content) - torch.sigmoid(before.content)) ** 2).mean()
    return labels + 4 * content + ((torch.sigmoid(now.title) - torch.sigmoid(before.title)) ** 2).mean()


def _labels_by(stored: Mapping[str, NDArray[Any]], examples: Examples) -> NDArray[np.uint8]:
    """uint8[n]: the places in `LABELS` of what weights, run as at run time, say of all lines."""
    parts = [found.label for found in decided_lines(LineModel.from_arrays(dict(stored)), examples)]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


def _compared(
    stored: Mapping[str, NDArray[Any]], arrays: Mapping[str, NDArray[Any]], own: Examples, others: Examples
) -> tuple[int, int, int, int, int]:
    """The counts of `Tuned`."""
    known = own.target > 0
    gold = own.target[known] - EXACT
    was, now = (int((_labels_by(weights, own)[known] == gold).sum()) for weights in (stored, arrays))
    before, after = (_labels_by(weights, others) for weights in (stored, arrays))
    return len(gold), was, now, len(before), int((before != after).sum())
