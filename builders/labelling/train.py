"""Train the line model from a benchmark folder of labelled pages, the same way for the same seed.

In two rounds, since few lines have all 17 labels: a teacher that sees the HTML of every rendering learns from what is
labelled and then labels the rest; the line model learns from both, from flat texts as they are and from pages read from
HTML with what it says of their lines. Needs the extra packages of `dehusk[train]`.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from numpy.typing import NDArray

from dehusk.schema.errors import UsageError
from dehusk.schema.labels import LABELS

from .alter import ALTERED, with_altered
from .examples import EXACT, Examples, fold_of_sites, load_examples, save_examples, stored_examples, target_weights
from .features import SINGLE
from .frame import with_frames
from .markup import MARKS
from .model import LineModel
from .network import (
    PAGE_TYPES,
    Activation,
    Batch,
    Given,
    Network,
    Output,
    Parameters,
    Shape,
    Steps,
    Tensor,
    dropping,
    measuring,
    new_parameters,
    plain,
    quantised,
    rounding,
    with_given,
    word_unit,
)
from .own import OWN, read_own, with_own
from .rendered import RENDERED, with_rendered
from .trial import Choice, Decided, Logits, choice_arrays, choose, decided, figures, logits_of
from .vectors import Vectors, read_vectors, seen_apart
from .vocabulary import Vocabulary, choose_names

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How one network is trained. Rates are shares that are dropped or replaced at random."""

    epochs: int
    shape: Shape
    learning_rate: float = 3e-3
    decay: float = 0.02
    lines: int = 5000
    drop: float = 0.1
    drop_words: float = 0.3
    swap: float = 0.15
    hand_renderings: int = 4
    rounded_epochs: int = 0
    looks_up: bool = False
    """Whether what the HTML says is seen of other renderings too, whose lines have to be looked up in it."""


TEACHER: Final = Plan(epochs=7, shape=Shape(), drop=0.2, drop_words=0.4, hand_renderings=2, looks_up=True)
STUDENT: Final = Plan(epochs=9, shape=Shape(), drop_words=0.35, hand_renderings=3, rounded_epochs=1)

SOURCE_WEIGHT: Final = {
    "wcxb": 1.0,
    "fundus": 1.5,
    "trafilatura": 1.0,
    "readability": 0.5,
    "newspaper4k": 0.4,
    "postlight": 0.5,
    OWN: 1.0,
}
"""How much a source counts; readability's and newspaper4k's gold holds their own mistakes."""

RENDERINGS: Final = {
    "wcxb": 1.0,
    "fundus": 3.0,
    "trafilatura": 0.5,
    "readability": 1.0,
    "newspaper4k": 1.0,
    "postlight": 0.3,
    OWN: 1.0,
}
"""How many renderings of a page are seen an epoch, by source; those of hand-labelled pages more."""

SHARE: Final = {"innertext": 2.0, ALTERED: 0.6}
"""How much likelier than others a rendering is drawn."""

ALTERED_COPIES: Final = 2

HAND_WEIGHT, EXACT_WEIGHT, COARSE_WEIGHT = 4.0, 2.0, 0.5
SOFT_CONTENT, SOFT_LABELS, MARKUP_LOSS, PHRASE_LOSS, TYPE_LOSS, TITLE_LOSS = 0.5, 1.0, 0.3, 0.2, 0.1, 0.2
LEAST_SITES: Final = 4
"""Words seen on fewer sites are not learnt: they would teach the sites by heart."""

TITLE: Final = EXACT + LABELS.index("title")

_TABLE: Final = torch.from_numpy(target_weights())
_FEW_LABELS: Final = ("trafilatura", "postlight")
"""Sources that label a few lines of a page only."""


class Phrases(NamedTuple):
    """Phrases of `phrases.txt`: names uint32[k] and rows int64[k] of their words, offsets int64[p], label int64[p]."""

    names: NDArray[np.uint32]
    rows: Tensor
    offsets: Tensor
    label: Tensor
    by_label: tuple[NDArray[np.int64], ...]


class Lesson(NamedTuple):
    """What a batch is to teach.

    target, content int64[n]; size float[n], words a line; hand bool[n]; weight float[pages], of the source; few
    bool[pages], few lines labelled; page_type int64[pages]; marks and found as in `Examples`; taught, where there is a
    teacher: its labels float[n, 17] and content float[n]; phrase int64[m], put in swapped rows; phrase_weight float[k].
    """

    target: Tensor
    content: Tensor
    size: Tensor
    hand: Tensor
    weight: Tensor
    few: Tensor
    page_type: Tensor
    marks: Tensor
    found: Tensor
    taught: tuple[Tensor, Tensor] | None
    phrase: Tensor
    phrase_weight: Tensor


class Lessons(NamedTuple):
    """What networks learn from: labelled pages, word vectors learnt elsewhere, and written phrases."""

    examples: Examples
    vectors: Vectors | None
    phrases: Phrases


class Taught(NamedTuple):
    """A teacher's chances: of the labels float16[n, 17], of being text float16[n], by the number of the line."""

    labels: NDArray[np.float16]
    content: NDArray[np.float16]


class Trained(NamedTuple):
    """A trained network: its weights, the words it knows, and the steps of its rounding (None: not rounded)."""

    plan: Plan
    parameters: Parameters
    vocabulary: Vocabulary
    steps: Steps | None


# --- batches --------------------------------------------------------------------------------------------------------


def load_phrases() -> Phrases:
    """The written phrases, cut into the words that `features` sees."""
    labels, texts = [], []
    for line in files("dehusk.builders.labelling").joinpath("phrases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            head, body = line.split(": ", 1)
            found = [phrase.strip() for phrase in body.split(" | ")]
            texts += found
            labels += [LABELS.index(head.split()[0])] * len(found)
    seen = seen_apart(texts)
    places = [SINGLE.index("opening"), SINGLE.index("line")]
    ids = [
        np.append(seen.words[a:b], one[places])
        for a, b, one in zip(seen.offsets, seen.offsets[1:], seen.single, strict=False)
    ]
    label = np.array(labels)
    return Phrases(
        np.concatenate(ids),
        torch.zeros(0, dtype=torch.int64),
        torch.from_numpy(np.cumsum([0] + [len(x) for x in ids[:-1]])),
        torch.from_numpy(label),
        tuple(np.flatnonzero(label == code) for code in range(len(LABELS))),
    )


def _epoch(examples: Examples, ids: Iterable[int], plan: Plan, random: np.random.Generator) -> list[int]:
    """The texts of one epoch: some renderings of every page, drawn anew each time, and the one from its HTML."""
    pages: dict[str, list[int]] = defaultdict(list)
    chosen: list[int] = []
    for i in ids:
        if examples.texts[i].renderer == RENDERED:
            chosen.append(i)
        else:
            pages[examples.texts[i].page_id].append(i)
    for renderings in pages.values():
        texts = [examples.texts[i] for i in renderings]
        rate = RENDERINGS[texts[0].source]
        if any(examples.hand[text.first : text.last].any() for text in texts):
            rate = max(rate, plan.hand_renderings)
        number = min(len(renderings), int(rate) + int(random.random() < rate - int(rate)))
        share = np.array([SHARE.get(text.renderer, 1.0) for text in texts])
        chosen += random.choice(renderings, size=number, replace=False, p=share / share.sum()).tolist()
    return random.permutation(chosen).tolist()


def _in_batches(examples: Examples, ids: Iterable[int], lines: int) -> Iterator[list[int]]:
    batch: list[int] = []
    held = 0
    for i in ids:
        size = examples.texts[i].last - examples.texts[i].first
        if batch and held + size > lines:
            yield batch
            batch, held = [], 0
        batch.append(i)
        held += size
    if batch:
        yield batch


def _gathered(examples: Examples, name: str, ids: Sequence[int]) -> NDArray[Any]:
    column = getattr(examples, name)
    return np.concatenate([column[examples.texts[i].first : examples.texts[i].last] for i in ids])


def _tensor(values: NDArray[Any], kind: Any) -> Tensor:
    return torch.from_numpy(values.astype(kind))


def make_batch(examples: Examples, ids: Sequence[int], vocabulary: Vocabulary, *, looks_up: bool) -> Batch:
    """The lines of some texts as tensors, nothing dropped; `looks_up` as in `Plan`."""
    texts = [examples.texts[i] for i in ids]
    offsets = examples.offsets
    words = vocabulary.rows(np.concatenate([examples.words[offsets[t.first] : offsets[t.last]] for t in texts]))
    each = np.concatenate([np.diff(offsets[t.first : t.last + 1]) for t in texts])
    single = vocabulary.rows(_gathered(examples, "single", ids))
    count = np.array([t.last - t.first for t in texts])
    seen = np.repeat([looks_up or text.renderer == RENDERED for text in texts], count)
    seen = (seen & _gathered(examples, "found", ids))[:, None]
    marks = np.unpackbits(_gathered(examples, "marks", ids), axis=1, count=MARKS)
    return Batch(
        dense=_tensor(_gathered(examples, "dense", ids), np.float32),
        single=_tensor(single, np.int64),
        words=_tensor(words, np.int64),
        offsets=torch.from_numpy(np.append(0, np.cumsum(each))[:-1]),
        single_weight=_tensor(single > 0, np.float32),
        words_weight=_tensor(words > 0, np.float32),
        page=torch.from_numpy(np.repeat(np.arange(len(texts)), count)),
        count=torch.from_numpy(count),
        marks=_tensor(np.concatenate([marks * seen, seen], axis=1), np.float32),
        swapped=torch.zeros(0, dtype=torch.int64),
    )


def _lesson(examples: Examples, ids: Sequence[int], taught: Taught | None) -> Lesson:
    texts = [examples.texts[i] for i in ids]
    types = [PAGE_TYPES.index(t.page_type) if t.page_type else 0 if t.source == "fundus" else -1 for t in texts]
    soft = None
    if taught is not None:
        rows = _gathered(examples, "origin", ids)
        soft = (_tensor(taught.labels[rows], np.float32), _tensor(taught.content[rows], np.float32))
    return Lesson(
        target=_tensor(_gathered(examples, "target", ids), np.int64),
        content=_tensor(_gathered(examples, "content", ids), np.int64),
        size=_tensor(_gathered(examples, "size", ids), np.float32),
        hand=torch.from_numpy(_gathered(examples, "hand", ids)),
        weight=torch.tensor([SOURCE_WEIGHT[t.source] for t in texts]),
        few=torch.tensor([t.source in _FEW_LABELS for t in texts]),
        page_type=torch.tensor(types),
        marks=_tensor(np.unpackbits(_gathered(examples, "marks", ids), axis=1, count=MARKS), np.float32),
        found=_tensor(_gathered(examples, "found", ids), np.float32),
        taught=soft,
        phrase=torch.zeros(0, dtype=torch.int64),
        phrase_weight=torch.zeros(0),
    )


def _disturbed(
    batch: Batch, lesson: Lesson, phrases: Phrases, plan: Plan, random: np.random.Generator
) -> tuple[Batch, Lesson]:
    """Drop words, and put phrases of the same label in the place of some short lines' words."""
    target = lesson.target.numpy()
    label = np.where((target >= EXACT) & (target < EXACT + len(LABELS)), target - EXACT, -1)
    if lesson.taught is not None:
        chance, sure = _believed(lesson).max(1)
        label = np.where((label < 0) & (chance.numpy() > 0.8), sure.numpy(), label)
    enough = np.array([len(group) > 3 for group in phrases.by_label])
    swap = (random.random(len(label)) < plan.swap) & (label >= 0) & (lesson.size.numpy() <= 7) & enough[label]
    rows = np.flatnonzero(swap)
    drawn = [
        phrases.by_label[code][int(x * len(phrases.by_label[code]))]
        for code, x in zip(label[rows], random.random(len(rows)), strict=True)
    ]
    each = np.diff(np.append(batch.offsets.numpy(), len(batch.words)))
    words_weight = (
        batch.words_weight.numpy() * (random.random(len(batch.words)) > plan.drop_words) * ~np.repeat(swap, each)
    )
    single_weight = batch.single_weight.numpy() * (random.random(batch.single.shape) > plan.drop_words)
    single_weight[rows, : SINGLE.index("line") + 1] = 0
    batch = batch._replace(
        words_weight=_tensor(words_weight, np.float32),
        single_weight=_tensor(single_weight, np.float32),
        swapped=torch.from_numpy(rows),
    )
    kept = random.random(len(phrases.names)) > plan.drop_words
    return batch, lesson._replace(
        phrase=torch.from_numpy(np.array(drawn, np.int64)), phrase_weight=_tensor(kept, np.float32)
    )


# --- the loss -------------------------------------------------------------------------------------------------------


def _believed(lesson: Lesson) -> Tensor:
    """float[n, 17]: the teacher's chances where they agree with what the source says of each line."""
    assert lesson.taught is not None  # noqa: S101 (for the type checker)
    chance = lesson.taught[0] * _TABLE[lesson.target]
    return chance / chance.sum(1, keepdim=True).clamp(min=1e-6)


def _mean(loss: Tensor, weight: Tensor) -> Tensor:
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def _by_page(values: Tensor, batch: Batch) -> Tensor:
    return torch.zeros(len(batch.count)).index_add_(0, batch.page, values)


def _evened(weight: Tensor, batch: Batch) -> Tensor:
    """Weights of lines so that a page counts as the root of its lines: long pages do not drown the others."""
    return weight * (_by_page(weight, batch).clamp(min=1) ** -0.5)[batch.page]


def label_loss(output: Output, batch: Batch, lesson: Lesson) -> Tensor:
    """Of what the sources say: minus the log of the chance of all labels that a coarse label allows."""
    chance = F.log_softmax(output.labels, 1)
    loss = -torch.logsumexp(chance + torch.log(_TABLE[lesson.target] + 1e-9), 1)
    exact = (lesson.target >= EXACT) & (lesson.target < EXACT + len(LABELS))
    sure = torch.where(lesson.hand, HAND_WEIGHT, torch.where(exact, EXACT_WEIGHT, COARSE_WEIGHT))
    weight = sure * (1 + lesson.size.clamp(max=40) / 20) * lesson.weight[batch.page] * (lesson.target > 0)
    loss = _mean(loss, _evened(weight, batch))
    if lesson.taught is not None:
        weight = (
            (~lesson.hand).float() * (1 + lesson.size.clamp(max=20) / 10) * (batch.count.float() ** -0.5)[batch.page]
        )
        loss = loss + SOFT_LABELS * _mean(-(_believed(lesson) * chance).sum(1), weight)
    return loss


def content_loss(output: Output, batch: Batch, lesson: Lesson) -> Tensor:
    """Of text against the rest: by lines, and by the share of words that a page's kept and gold text have in common."""
    known = (lesson.content >= 0).float()
    gold = (lesson.content == 1).float()
    weight, full = known, known * (~lesson.few).float()[batch.page]
    if lesson.taught is not None:
        gold = torch.where(lesson.content < 0, lesson.taught[1], gold)
        weight = known + SOFT_CONTENT * (1 - known)
        full = torch.maximum(known, lesson.few.float()[batch.page])
    each = F.binary_cross_entropy_with_logits(output.content, gold, reduction="none")
    weight = weight * (1 + lesson.size.clamp(max=60) / 6)
    weight = weight * (lesson.weight * _by_page(weight, batch).clamp(min=1) ** -0.5)[batch.page]
    chance, words = torch.sigmoid(output.content), lesson.size * full
    both, either = _by_page(words * chance * gold, batch), _by_page(words * (chance + gold), batch)
    counted = (_by_page(words * gold, batch) > 20).float() * lesson.weight
    return _mean(each, weight) + _mean(1 - 2 * both / either.clamp(min=1), counted)


def title_loss(output: Output, batch: Batch, lesson: Lesson) -> Tensor:
    """Of the headline: each line against the others of its page, and each by itself; on pages where it is known."""
    gold = (lesson.target == TITLE).float()
    known = (_by_page(gold, batch) > 0).float()
    most = torch.segment_reduce(output.title, "max", lengths=batch.count).detach()
    raised = torch.exp(output.title - most[batch.page])
    share = _by_page(raised * gold, batch) / _by_page(raised, batch)
    each = F.binary_cross_entropy_with_logits(output.title, gold, reduction="none")
    apart = _by_page(each * ((gold > 0) | (lesson.target > 0)), batch) * 0.2
    return _mean(-torch.log(share + 1e-6) + apart, known * lesson.weight)


def _loss(network: Network, batch: Batch, lesson: Lesson, phrases: Phrases) -> Tensor:
    network.refresh()
    vectors = network.bag(phrases.rows, phrases.offsets, lesson.phrase_weight)
    output = network(batch, vectors[lesson.phrase])
    loss = label_loss(output, batch, lesson) + content_loss(output, batch, lesson)
    loss = loss + TITLE_LOSS * title_loss(output, batch, lesson)
    if bool((lesson.page_type >= 0).any()):
        loss = loss + TYPE_LOSS * F.cross_entropy(output.page_type, lesson.page_type, ignore_index=-1)
    guesses = network.layer("phrases", F.dropout(vectors, 0.2))
    loss = loss + PHRASE_LOSS * F.cross_entropy(guesses, phrases.label)
    each = F.binary_cross_entropy_with_logits(
        network.layer("markup", output.hidden), lesson.marks, reduction="none"
    ).mean(1)
    told = lesson.found * (1 - batch.marks[:, -1])
    weight = told * (1 + lesson.size.clamp(max=10) / 10) * (batch.count.float() ** -0.5)[batch.page]
    return loss + MARKUP_LOSS * _mean(each, weight)


# --- training -------------------------------------------------------------------------------------------------------


def learn_vocabulary(examples: Examples, ids: Iterable[int], phrases: Phrases, vectors: Vectors | None) -> Vocabulary:
    """The names that are worth a row: of written phrases, of what many sites hold, of words whose vectors are given."""
    by_site: dict[str, list[int]] = defaultdict(list)
    for i in ids:
        by_site[examples.texts[i].site].append(i)
    seen = [_names_of(examples, group) for group in by_site.values()]
    names, sites = np.unique(np.concatenate(seen), return_counts=True)
    enough = sites >= LEAST_SITES
    written = phrases.names
    others = vectors.names if vectors is not None else np.zeros(0, np.uint32)
    found = np.concatenate([names[enough], written, others])
    worth = np.concatenate(
        [sites[enough], np.full(len(written), len(by_site) + 1), np.full(len(others), LEAST_SITES)]
    ).astype(np.int64)
    return Vocabulary.of(choose_names(found, worth))


def _given(vectors: Vectors, vocabulary: Vocabulary) -> Given:
    rows = vocabulary.rows(vectors.names)
    known = rows > 0
    return Given(_tensor(rows[known], np.int64), torch.from_numpy(vectors.values[known]))


def _names_of(examples: Examples, ids: Sequence[int]) -> NDArray[np.uint32]:
    """Every name in some texts, once."""
    parts = [examples.single[examples.texts[i].first : examples.texts[i].last].ravel() for i in ids]
    bounds = examples.offsets
    parts += [examples.words[bounds[examples.texts[i].first] : bounds[examples.texts[i].last]] for i in ids]
    return np.unique(np.concatenate(parts))


def train_network(
    lessons: Lessons, ids: Sequence[int], plan: Plan, seed: int, *, taught: Taught | None = None, say: Say = print
) -> Trained:
    """Train one network on some of the texts."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    examples, vectors, phrases = lessons
    vocabulary = learn_vocabulary(examples, ids, phrases, vectors)
    phrases = phrases._replace(rows=_tensor(vocabulary.rows(phrases.names), np.int64))
    given = None if vectors is None else _given(vectors, vocabulary)
    parameters = new_parameters(plan.shape, len(vocabulary.names), seed, given)
    trained = Trained(plan, parameters, vocabulary, None)
    say(f"{len(vocabulary.names) - 1} words and lines known")

    def course(network: Network, epochs: int, rate: float, warm: float) -> None:
        optimiser = torch.optim.AdamW(trained.parameters.values(), lr=rate, betas=(0.9, 0.98), weight_decay=plan.decay)
        for epoch in range(epochs):
            batches = list(_in_batches(examples, _epoch(examples, ids, plan, random), plan.lines))
            total = 0.0
            for number, chosen in enumerate(batches):
                done = (epoch + number / len(batches)) / epochs
                optimiser.param_groups[0]["lr"] = rate * min(
                    1.0,
                    (done + 1e-3) / warm,
                    0.005 + 0.5 + 0.5 * math.cos(math.pi * max(0.0, done - warm) / (1 - warm)),
                )
                batch = make_batch(examples, chosen, vocabulary, looks_up=plan.looks_up)
                batch, lesson = _disturbed(batch, _lesson(examples, chosen, taught), phrases, plan, random)
                loss = _loss(network, batch, lesson, phrases)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(list(trained.parameters.values()), 1.0)
                optimiser.step()
                total += float(loss.detach())
            say(f"epoch {epoch + 1} of {epochs}: {len(batches)} batches, mean loss {total / len(batches):.4f}")

    course(
        Network(plan.shape, trained.parameters, dropping(plain, plan.drop), given=given),
        plan.epochs,
        plan.learning_rate,
        0.1,
    )
    with torch.no_grad():
        parameters["words"].copy_(with_given(parameters, given))
    parameters.pop("given", None)
    if plan.rounded_epochs:
        trained = trained._replace(steps=_measured_steps(examples, ids, trained))
        steps = trained.steps or {}
        course(
            Network(plan.shape, trained.parameters, dropping(rounding(steps), plan.drop / 2), steps=steps),
            plan.rounded_epochs,
            plan.learning_rate / 10,
            0.02,
        )
    return trained


@torch.no_grad()  # type: ignore[untyped-decorator]
def _measured_steps(examples: Examples, ids: Sequence[int], trained: Trained) -> Steps:
    """The step of each activation: its nearly greatest size in some hundred texts, over the numbers it may take."""
    seen: dict[str, list[float]] = {}
    network = Network(trained.plan.shape, trained.parameters, measuring(seen))
    for batch in _in_batches(examples, ids[:: max(1, len(ids) // 200)], 20000):
        network(make_batch(examples, batch, trained.vocabulary, looks_up=trained.plan.looks_up))
    steps = {name: float(np.mean(sizes)) / (127 if name == "bag" else 255) for name, sizes in seen.items()}
    return steps | {"words": word_unit(trained.parameters["words"])}


@torch.no_grad()  # type: ignore[untyped-decorator]
def chances(
    examples: Examples, ids: Iterable[int], trained: Trained
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Of each text: its number, and the logits of the labels float32[n, 17], of being text and the title float32[n]."""
    steps = trained.steps
    activate: Activation = rounding(steps) if steps else plain
    network = Network(trained.plan.shape, trained.parameters, activate, steps=steps)
    for chosen in _in_batches(examples, ids, 20000):
        batch = make_batch(examples, chosen, trained.vocabulary, looks_up=trained.plan.looks_up)
        output = network(batch)
        bounds = np.cumsum([0, *batch.count.tolist()])
        for i, a, b in zip(chosen, bounds, bounds[1:], strict=False):
            yield i, *(part[a:b].numpy() for part in (output.labels, output.content, output.title))


def teach(lessons: Lessons, ids: Sequence[int], seed: int, say: Say = print) -> Taught:
    """Train a teacher on some texts and let it label all of their lines."""
    examples = lessons.examples
    own = [i for i in ids if examples.texts[i].renderer != ALTERED]
    trained = train_network(lessons, own, TEACHER, seed, say=say)
    lines = len(examples.target)
    taught = Taught(np.zeros((lines, len(LABELS)), np.float16), np.zeros(lines, np.float16))
    for i, labels, content, _ in chances(examples, own, trained):
        rows = slice(examples.texts[i].first, examples.texts[i].last)
        taught.labels[rows], taught.content[rows] = _softmax(labels), 1 / (1 + np.exp(-content))
    return taught


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def shipped(trained: Trained) -> dict[str, Any]:
    """The arrays of `line_model.npz`, but for the tables of `trial.choice_arrays`."""
    if trained.steps is None:
        raise ValueError("a model that was not trained with rounding cannot be shipped")
    return quantised(trained.plan.shape, trained.parameters, trained.steps, trained.vocabulary.names[1:])


# --- the whole ------------------------------------------------------------------------------------------------------


class Report(NamedTuple):
    """What a training run found: the choice made, and the figures of the out-of-fold predictions."""

    choice: Choice
    figures: dict[str, Any]


def train_model(
    folder: Path,
    out: Path,
    *,
    labels: Path | None = None,
    vectors: Path | None = None,
    pages: Path | None = None,
    seed: int = 1,
    folds: int = 5,
    cache: Path | None = None,
    say: Say = print,
) -> Report:
    """Trains the line model from a benchmark folder, and measures it by cross-validation over sites.

    Writes into `out`: `line_model.npz` (trained on all pages), `fold0.npz` ... (on all but a fold), `figures.json`,
    `model_card.md`, and `predictions.parquet`, the labels that each page got from the model that had not seen its site.

    Args:
        folder: the benchmark folder, with its `score.py`.
        out: where to write; made when missing.
        labels: a file of further hand labels of the folder's pages (`examples.hand_labels`).
        vectors: a file of word vectors (`read_vectors`) to start from.
        pages: labelled pages of one's own, a folder or a labels file (`own.read_own`); every fold learns from them,
            none is measured.
        seed: the same seed gives the same files on the same machine and library versions.
        folds: how many parts the sites are split into.
        cache: a file to keep the computed features in, or to read them from; none by default.
        say: is told of the progress.

    Raises:
        FileNotFoundError: the folder lacks one of the benchmark's files.
        UsageError: `pages` holds none, one of its files does not say what it must, or `vectors` is no file of word
            vectors.
    """
    torch.set_num_threads(1)  # sums in one order
    out.mkdir(parents=True, exist_ok=True)
    own = [] if pages is None else list(read_own(pages))  # first, so that a slip is told at once
    given = None if vectors is None else _read_vectors(vectors)
    examples = with_altered(folder, _examples(folder, labels, cache), ALTERED_COPIES, seed)
    examples = with_frames(folder, examples, seed)
    examples = with_rendered(folder, examples, labels)
    fold_of = fold_of_sites(examples.texts, folds, seed)  # of the folder's sites alone
    examples = with_own(examples, own)
    lessons = Lessons(examples, given, load_phrases())
    fold = np.array([fold_of.get(text.site, -1) for text in examples.texts])
    real = np.array([text.renderer != ALTERED for text in examples.texts])
    logits: dict[int, Logits] = {}
    for k in range(folds):
        say(f"fold {k + 1} of {folds}")
        own_arrays = trained_arrays(lessons, np.flatnonzero(fold != k).tolist(), seed + k, say)
        np.savez_compressed(out / f"fold{k}.npz", **own_arrays)
        logits[k] = logits_of(LineModel.from_arrays(own_arrays), examples, np.flatnonzero((fold == k) & real).tolist())
    say("all pages")
    arrays = trained_arrays(lessons, list(range(len(examples.texts))), seed + folds, say)
    report, found = judged(folder, examples, logits)
    np.savez_compressed(out / "line_model.npz", **arrays | choice_arrays(report.choice))
    write_report(out, folder, report, found)
    return report


def _read_vectors(path: Path) -> Vectors:
    try:
        return read_vectors(path)
    except ValueError as error:
        raise UsageError(str(error), "give a text file with a word and its numbers on each line") from None


def _examples(folder: Path, labels: Path | None, cache: Path | None) -> Examples:
    if cache is not None and cache.exists():
        return stored_examples(cache)
    examples = load_examples(folder, labels)
    if cache is not None:
        save_examples(examples, cache)
    return examples


def trained_arrays(lessons: Lessons, ids: Sequence[int], seed: int, say: Say = print) -> dict[str, Any]:
    """Teacher, then line model, on some texts: the arrays of a model with an even threshold."""
    taught = teach(lessons, ids, seed, say)
    trained = train_network(lessons, ids, STUDENT, seed, taught=taught, say=say)
    return shipped(trained) | choice_arrays(Choice(0.5, 1.0, 0.0))


def judged(
    folder: Path, examples: Examples, logits: dict[int, Logits]
) -> tuple[Report, dict[tuple[str, str], Decided]]:
    """The choice made over all folds, and figures of predictions for which no page's own fold had a say."""
    found = {}
    for k, own in logits.items():
        others = {i: values for j, part in logits.items() if j != k for i, values in part.items()}
        choice = choose(examples, others or own)
        for i, values in own.items():
            text = examples.texts[i]
            found[text.renderer, text.page_id] = decided(examples, i, values, choice)
    choice = choose(examples, {i: values for part in logits.values() for i, values in part.items()})
    hand = {text.page_id for text in examples.texts if examples.hand[text.first : text.last].any()}
    return Report(choice, figures(folder, found) | {"hand_pages": len(hand)}), found


def write_report(out: Path, folder: Path, report: Report, found: dict[tuple[str, str], Decided]) -> None:
    """Writes figures, model card and out-of-fold predictions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in (".parquet", ".jsonl")
    }
    kept = {"choice": report.choice._asdict(), "figures": report.figures, "benchmark": digests}
    (out / "figures.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (out / "model_card.md").write_text(model_card(report, digests), encoding="utf-8")
    rows = [
        {"page_id": page, "renderer": renderer, "labels": d.labels, "scores": d.scores}
        for (renderer, page), d in sorted(found.items())
    ]
    pq.write_table(pa.Table.from_pylist(rows), out / "predictions.parquet")


def model_card(report: Report, digests: dict[str, str]) -> str:
    """The model card, in Markdown."""
    given = report.figures["sources"]
    rows = []
    for renderer, sources in given.items():
        words = sources.get("wcxb", {}).get("words", {})
        fundus = sources.get("fundus", {}).get("shingles", {})
        snippets = sources.get("trafilatura", {}).get("snippets", {})
        cells = (words.get("all"), words.get("article"), fundus.get("f1"), snippets.get("f1"))
        rows.append(f"| {renderer} | " + " | ".join("" if x is None else f"{x:.3f}" for x in cells) + " |")
    kinds, rendered = report.figures["kinds"], report.figures["kinds_html"]
    files_used = "\n".join(f"- `{name}` sha256 {digest}" for name, digest in digests.items())
    return _CARD.format(
        table="\n".join(rows),
        macro=kinds["macro_f1"],
        accuracy=kinds["accuracy"],
        macro_html=rendered["macro_f1"],
        accuracy_html=rendered["accuracy"],
        lines=kinds["lines"],
        ece=report.figures["calibration"]["ece"],
        threshold=report.choice.threshold,
        temperature=report.choice.temperature,
        files=files_used,
        hand=report.figures["hand_pages"],
    )


_CARD: Final = """\
# The line model

Labels every line of a web page with one of 17 labels (`schema/labels.py`): of a flat text dump from the text alone,
of a page of HTML also from what stands around the line in it. One network does both.

- Input: whole-number features of each line (`builders/labelling/features.py`) and hashed words; of HTML the marks of
  `builders/labelling/markup.py` too, and that it is HTML.
- Network: word vectors, six dilated convolutions over the lines of a page, two looks at the whole page;
  whole-number weights and activations of eight bits, so that the result is the same to the bit on every machine
  (`builders/labelling/model.py`).
- A line is text when its chance of it is at least {threshold}; scores are softmax chances at temperature {temperature}.

## What it learnt from

The pages of WCXB's development split (web-content-extraction-benchmark, M. Foley, "WCXB: A Multi-Type Web Content
Extraction Benchmark", 2026, CC-BY-4.0), fundus (MIT), trafilatura (Apache-2.0), readability (Apache-2.0), newspaper4k
(MIT) and postlight parser (MIT or Apache-2.0), read from their HTML, and flat texts of them in up to five renderings;
altered copies of these, and copies in frames written for this project (`alter.py`, `frame.py` beside this card); {hand}
of the pages labelled line by line by hand; and the phrases of `phrases.txt`. A teacher that saw the HTML of all
renderings labelled what nobody had. Where word vectors were given to start from, they are named in NOTICE. No text of
these pages is in the weights, only vectors of words and lines that are known by 32 bits of a hash.

{files}

## How well it does

Each page labelled by a model that had seen no page of its site (cross-validation over sites; threshold and
temperature chosen on the other folds). WCXB: mean word F1; fundus: F1 of 4-token shingles; trafilatura: F1 of snippets.

| rendering | WCXB all | WCXB articles | fundus | trafilatura |
|---|---|---|---|---|
{table}

The 17 labels on {lines} hand-labelled lines: macro-F1 {macro:.3f}, right {accuracy:.3f} (from HTML {macro_html:.3f} and
{accuracy_html:.3f}); expected calibration error of the scores {ece:.3f}.

## Where not to trust it

Mostly English and German pages were learnt from; figures of other languages rest on few pages. Product, listing and
collection pages are hard: what is content there is often a matter of taste. `docs/quality.md` has more.

`dehusk train` makes the weights anew.
"""
