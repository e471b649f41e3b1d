"""The line model: labels for the lines of a batch of pages, exact to the bit on every machine.

A small convolutional network over the lines of a page. Weights and activations are whole numbers of at most eight
bits, so every dot product is a sum of whole numbers below 2**24, which 32-bit floats hold exactly: the order in which
a BLAS adds them cannot change the result. Everything else is one IEEE operation an element; no exp or log.
"""

import io
import os
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS, TEXT_LABELS

from .features import SINGLE, LineFeatures, line_features
from .markup import MARKS
from .vocabulary import Vocabulary

F32: TypeAlias = NDArray[np.float32]
I64: TypeAlias = NDArray[np.int64]

MODEL_VARIABLE: Final = "DEHUSK_MODEL"
"""Names a file of weights to use instead of those of the package. A variable: all processes of a build have it."""

MARK: Final = 64
"""A mark enters the network as this number: as much as a dense feature may say, and so of the same grain."""

LANE_BIAS: Final = 128
"""Added to each eight-bit weight of a word, so that four of them can be summed inside one 64-bit number."""

LINES_AT_ONCE, CHARACTERS_AT_ONCE = 8192, 1 << 20
"""Pages are taken together up to so many lines and characters: few calls a page, and not yet too much for the caches.

Measured on 400 pages, 2,048 lines take 1.85 ms a page, 4,096 take 1.73, 8,192 take 1.62, 16,384 take 1.90."""

REPEATED: Final = 3
"""How many lines from the title the same line may be the title again."""

SUMMARY, STANDFIRST = np.float32(1), np.float32(3)
"""Added to the logit of `summary`: for every line, and once more for the one line of text between the title and
something that is no text. Chosen on predictions of models that had not seen the pages: F1 of `summary` on fundus went
from 0.455 to 0.487, on the hand labels from 0.254 to 0.333, and no other label became worse."""

_LEAST, _MOST = np.float32(0), np.float32(255)
_TITLE: Final = LABELS.index("title")
_SUMMARY: Final = LABELS.index("summary")
_LINE: Final = SINGLE.index("line")
_KEPT: Final = np.array([label in TEXT_LABELS for label in LABELS])


class Layer(NamedTuple):
    """A matrix of whole numbers (float32[k, n]) with the scale and the bias of each output, float32[n]."""

    weight: F32
    scale: F32
    bias: F32

    def __call__(self, values: F32, out: F32 | None = None) -> F32:
        """The layer's output for rows of whole numbers, float32[rows, n]; written into `out` where it is given."""
        out = np.matmul(values, self.weight, out=out)
        out *= self.scale
        out += self.bias
        return out


class Predictions(NamedTuple):
    """Of each line: the code of its label (its place in LABELS), how sure that is, and the chance that it is text."""

    label: NDArray[np.uint8]
    score: F32
    content: F32


class Marked(NamedTuple):
    """The lines of a batch that were HTML: their numbers int64[m], ascending, and marks uint8[m, MARK_BYTES]."""

    rows: I64
    marks: NDArray[np.uint8]

    def between(self, first: int, last: int) -> "Marked":
        """Those of a range of lines, counted from its first."""
        a, b = np.searchsorted(self.rows, (first, last))
        return Marked(self.rows[a:b] - first, self.marks[a:b])


class Tables(NamedTuple):
    """What turns logits into labels.

    chances int64[256]: of a label, in 2**-20, by sixteenths of a logit below the best; content float32[256]: the
    chance that belongs to a logit, by sixteenths from -8; threshold: the least chance of a line that is text; title:
    the least logit of a line that is the title.
    """

    chances: I64
    content: F32
    threshold: float
    title: float

    def chance(self, logit: F32) -> F32:
        """The chance that belongs to each logit, in steps of 0.001."""
        return self.content[np.clip(np.rint(logit * np.float32(16)), -128, 127).astype(np.int64) + 128]


@dataclass(frozen=True)
class LineModel:
    """Weights of the network. `convolutions` are pairs of a dilation and a layer over three lines."""

    vocabulary: Vocabulary
    words: NDArray[np.uint64]
    bag_scale: np.float32
    entry: Layer
    convolutions: tuple[tuple[int, Layer], ...]
    contexts: dict[int, tuple[Layer, Layer]]
    neck: Layer
    head: Layer
    steps: dict[str, np.float32]
    tables: Tables

    @classmethod
    def load(cls) -> "LineModel":
        """The model in use (`stored_weights`).

        Raises:
            UsageError: `MODEL_VARIABLE` does not name weights of this version.
        """
        return _load(os.environ.get(MODEL_VARIABLE, ""))

    @classmethod
    def from_arrays(cls, stored: dict[str, NDArray[np.generic]]) -> "LineModel":
        """The model of stored arrays, as `train.quantised` makes them."""

        def layer(name: str) -> Layer:
            return Layer(*(stored[f"{name}.{part}"].astype(np.float32) for part in ("weight", "scale", "bias")))

        dilations = stored["dilations"].tolist()
        return cls(
            vocabulary=Vocabulary.of(stored["names"].astype(np.uint32)),
            words=_packed(stored["words"]),
            bag_scale=np.float32(stored["bag_scale"]),
            entry=layer("entry"),
            convolutions=tuple((dilation, layer(f"convolution{i}")) for i, dilation in enumerate(dilations)),
            contexts={i: (layer(f"context{i}"), layer(f"return{i}")) for i in stored["contexts"].tolist()},
            neck=layer("neck"),
            head=layer("head"),
            steps={name[5:]: np.float32(value) for name, value in stored.items() if name.startswith("step.")},
            tables=Tables(
                chances=stored["chances"].astype(np.int64),
                content=stored["content"].astype(np.float32),
                threshold=float(stored["threshold"]),
                title=float(stored["title"]),
            ),
        )

    def predict(
        self,
        text: NDArray[np.uint32],
        start: I64,
        end: I64,
        page: NDArray[np.int32],
        marked: Marked | None = None,
    ) -> Predictions:
        """Label every line of a batch of pages.

        Args:
            text: uint32[n_chars], code points of all pages.
            start: int64[n_lines], where lines start in `text`; ascending, no line empty.
            end: int64[n_lines], one past their last characters.
            page: int32[n_lines], ascending: the page of each line.
            marked: what HTML says of them; None if none of the pages is HTML.
        """
        parts = [
            self.weigh(
                text[start[a] : end[b - 1]],
                start[a:b] - start[a],
                end[a:b] - start[a],
                page[a:b],
                None if marked is None else marked.between(a, b),
            )[1]
            for a, b in _groups(start, end, page)
        ]
        if not parts:
            return Predictions(np.zeros(0, np.uint8), np.zeros(0, np.float32), np.zeros(0, np.float32))
        return Predictions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def weigh(
        self,
        text: NDArray[np.uint32],
        start: I64,
        end: I64,
        page: NDArray[np.int32],
        marked: Marked | None = None,
    ) -> tuple[F32, Predictions]:
        """The logits of a few pages, float32[n_lines, 19], and what comes of them; the same arguments as `predict`."""
        found = line_features(text, start, end, page)
        logits = self.logits(found, page, marked)
        return logits, decide(logits, found.single[:, _LINE], _heads(page), self.tables)

    def logits(self, found: LineFeatures, page: NDArray[np.int32], marked: Marked | None = None) -> F32:
        """float32[n, 19]: one logit a label, that of being text, and that of being the title."""
        heads = _heads(page)
        count = np.diff(np.append(heads, len(page)))
        state = self._entered(found, marked)
        # What every layer needs for a moment, held once: fresh memory costs more than the sums.
        whole, added = np.empty_like(state), np.empty_like(state)
        near = np.empty((len(state), 3 * state.shape[1]), np.float32)
        for i, (dilation, layer) in enumerate(self.convolutions):
            if i in self.contexts:
                self._whole(state, f"before_context{i}", whole)
                state += np.repeat(self._page_context(i, whole, heads, count), count, axis=0)
            self._whole(state, f"before_convolution{i}", whole)
            state += layer(_neighbours(whole, dilation, heads, near), added)
        hidden = self.neck(self._whole(state, "before_neck", whole))
        return self.head(self._whole(hidden, "before_head"))

    def _entered(self, found: LineFeatures, marked: Marked | None) -> F32:
        """float32[n, width]: what is known of each line, through the first layer."""
        bag, dims = self._bag(found), found.dense.shape[1]
        inputs = np.empty((len(bag), dims + bag.shape[1]), np.float32)
        inputs[:, :dims] = found.dense
        inputs[:, dims:] = bag
        weight, scale, bias = self.entry
        sums = inputs @ weight[: inputs.shape[1]]
        if marked is not None and len(marked.rows):
            bits = np.unpackbits(marked.marks, axis=1, count=MARKS).astype(np.float32)
            sums[marked.rows] += (bits @ weight[inputs.shape[1] : -1] + weight[-1]) * np.float32(MARK)
        sums *= scale
        sums += bias
        return sums

    def _whole(self, values: F32, name: str, out: F32 | None = None) -> F32:
        """Activations as whole numbers of eight bits; below zero is zero."""
        out = np.multiply(values, self.steps[name], out=out)
        np.rint(out, out=out)
        return np.clip(out, _LEAST, _MOST, out=out)

    def _bag(self, found: LineFeatures) -> F32:
        """float32[n, word_dims]: the sum of the word vectors of each line, as whole numbers of eight bits."""
        single = self.vocabulary.rows(found.single)
        sums = self.words.take(single[:, 0], axis=0)
        for column in single.T[1:]:
            sums += self.words.take(column, axis=0)
        some = np.flatnonzero(np.diff(found.offsets))
        if len(some):
            sums[some] += np.add.reduceat(
                self.words.take(self.vocabulary.rows(found.words), axis=0), found.offsets[some], axis=0
            )
        count = np.diff(found.offsets) + found.single.shape[1]
        lanes = sums.view(np.uint16).astype(np.float32)
        lanes -= (count * LANE_BIAS).astype(np.float32)[:, None]
        lanes *= self.bag_scale
        np.rint(lanes, out=lanes)
        return np.clip(lanes, -127, 127, out=lanes)

    def _page_context(self, i: int, values: F32, heads: I64, count: I64) -> F32:
        """float32[pages, n]: what the mean and the greatest activations of a page add to each of its lines."""
        into, back = self.contexts[i]
        pages = [values[first : first + size] for first, size in zip(heads.tolist(), count.tolist(), strict=True)]
        # Floats of 32 bits hold the sum of so few whole numbers of eight bits.
        total = np.stack([page.sum(axis=0, dtype=np.float32 if len(page) < 1 << 16 else np.float64) for page in pages])
        mean = np.rint(total.astype(np.float64) / count[:, None]).astype(np.float32)
        most = np.stack([page.max(axis=0) for page in pages])
        return back(self._whole(into(np.concatenate([mean, most], axis=1)), f"inside_context{i}"))


@cache
def _load(named: str) -> LineModel:
    try:
        return LineModel.from_arrays(stored_weights())
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise _no_weights(named) from error


def stored_weights() -> dict[str, NDArray[np.generic]]:
    """The arrays of the weights in use: those that `MODEL_VARIABLE` names, or that come with the package.

    Raises:
        UsageError: it does not name weights.
    """
    try:
        with np.load(io.BytesIO(weights_file()), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (AttributeError, ValueError, EOFError, BadZipFile) as error:  # a single array has no files
        raise _no_weights(os.environ.get(MODEL_VARIABLE, "")) from error


def weights_file() -> bytes:
    """The file of the weights in use.

    Raises:
        UsageError: `MODEL_VARIABLE` names none.
    """
    named = os.environ.get(MODEL_VARIABLE)
    if not named:
        return files("dehusk.builders.labelling").joinpath("line_model.npz").read_bytes()
    try:
        return Path(named).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the weights {named}: {error.strerror}", _WHICH) from error


_WHICH: Final = "name a line_model.npz that `dehusk train` or `dehusk tune` wrote"


def _no_weights(named: str) -> UsageError:
    return UsageError(f"{named} does not hold weights of the line model of this version", _WHICH)


def decide(logits: F32, line: NDArray[np.uint32], heads: I64, tables: Tables) -> Predictions:
    """Turns logits into labels.

    At most one line of a page is its title, with its repetitions right around it. Every other line is text or not by
    its chance of being text, and has the likeliest label of that kind; `summary` has some lead (`SUMMARY`).

    Args:
        logits: float32[n, 19], those of the labels, of being text, and of being the title.
        line: uint32[n], the name of each whole line, the same for the same line.
        heads: int64[pages], the first line of each page.
        tables: the tables that stand in for exp, and the thresholds.
    """
    content = tables.chance(logits[:, len(LABELS)])
    text = content >= tables.threshold
    title = _title_rows(logits[:, -1], line, heads, tables.title)
    labels = logits[:, : len(LABELS)].copy()
    labels[:, _SUMMARY] += SUMMARY
    labels[_standfirsts(title, text, heads), _SUMMARY] += STANDFIRST
    allowed = text[:, None] == _KEPT
    allowed[:, _TITLE] = False
    best = np.where(allowed, labels, np.float32(-np.inf)).argmax(axis=1)
    chance = label_chances(labels, tables)
    score = np.rint(np.take_along_axis(chance, best[:, None], axis=1)[:, 0] * 1000 / chance.sum(axis=1)) / 1000
    best[title] = _TITLE
    score[title] = tables.chance(logits[title, -1])
    return Predictions(best.astype(np.uint8), score.astype(np.float32), content)


def label_chances(labels: F32, tables: Tables) -> I64:
    """The chance of each label in 2**-20 of that of the likeliest, int64[n, 17], from logits of the same shape."""
    below = np.rint((labels.max(axis=1, keepdims=True) - labels) * np.float32(16))
    return tables.chances[np.minimum(below, len(tables.chances) - 1).astype(np.int64)]


def _title_rows(logit: F32, line: NDArray[np.uint32], heads: I64, least: float) -> I64:
    """The best line of each page where it is good enough, and the same line close by where it is good enough too."""
    n = len(logit)
    page = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, n)))
    most = np.maximum.reduceat(logit, heads)
    first = np.minimum.reduceat(np.where(logit == most[page], np.arange(n), n), heads)
    first = first[most >= np.float32(least)]
    near = first[:, None] + np.arange(-REPEATED, REPEATED + 1)
    inside = np.clip(near, 0, n - 1)
    same = (near == inside) & (line[inside] == line[first][:, None]) & (page[inside] == page[first][:, None])
    return near[same & (logit[inside] >= np.float32(least))]


def _standfirsts(title: I64, text: NDArray[np.bool_], heads: I64) -> I64:
    """Lines of text that come right after a title and are the only ones there."""
    n = len(text)
    ends = np.zeros(n + 1, np.bool_)
    ends[heads], ends[n] = True, True
    after = title + 1
    after = after[~ends[after]]
    return after[text[after] & (ends[after + 1] | ~np.append(text, False)[after + 1])]


def _packed(words: NDArray[np.generic]) -> NDArray[np.uint64]:
    """int8[rows, dims] as uint64[rows, dims / 4]: four weights in a number, so that sums add four at once."""
    lanes = (words.astype(np.int16) + LANE_BIAS).astype("<u2")
    return lanes.view("<u8").astype(np.uint64)


def _heads(page: NDArray[np.int32]) -> I64:
    """The first line of each page; none without lines."""
    return np.flatnonzero(np.append(True, page[1:] != page[:-1])[: len(page)])


def _groups(start: I64, end: I64, page: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Ranges of lines, whole pages each, to be taken together."""
    if not len(page):
        return []
    bounds = np.append(_heads(page), len(page)).tolist()
    groups, first = [], 0
    for low, high in pairwise(bounds):
        if low > first and (high - first > LINES_AT_ONCE or end[high - 1] - start[first] > CHARACTERS_AT_ONCE):
            groups.append((first, low))
            first = low
    return [*groups, (first, len(page))]


def _neighbours(values: F32, dilation: int, heads: I64, out: F32) -> F32:
    """Each line's values between those of the lines `dilation` before and after it in its page.

    Args:
        values: float32[n, k].
        dilation: how many lines off the neighbours stand.
        heads: int64[pages], the first line of each page.
        out: float32[n, 3k], where they are written.
    """
    n, k = values.shape
    out[:, k : 2 * k] = values
    out[dilation:, :k] = values[:-dilation]
    out[:-dilation, 2 * k :] = values[dilation:]
    steps = np.arange(dilation)
    near = (heads[:, None] + steps).ravel()
    out[near[near < n], :k] = 0
    near = (np.append(heads[1:], n)[:, None] - 1 - steps).ravel()
    out[near[near >= 0], 2 * k :] = 0
    return out
