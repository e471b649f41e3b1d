"""The line model as it learns, in torch: floating point, or with the rounding of the shipped model.

`model.py` runs what is learnt here; both go through the same steps in the same order.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)

from dehusk.schema.labels import LABELS

from .features import DENSE
from .markup import MARKS
from .model import MARK

Tensor: TypeAlias = torch.Tensor
Parameters: TypeAlias = dict[str, Tensor]
Steps: TypeAlias = dict[str, float]
Activation: TypeAlias = Callable[[Tensor, str], Tensor]

PAGE_TYPES: Final = ("article", "forum", "product", "collection", "listing", "documentation", "service")
WORD_SCALE: Final = 0.05
"""The size of fresh word vectors, and of what given ones add to them at first."""

BAG_STEP: Final = 1 / 16
"""The step of summed word vectors in restored weights. Any gives the same network; this one was measured."""

DENSE_UNIT: Final = 1 / 64
"""Dense features come as whole numbers up to 255; the network sees them in this unit."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a network. `contexts` are the convolutions before which the whole page is looked at."""

    word_dims: int = 32
    width: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1)
    contexts: tuple[int, ...] = (2, 4)


class Batch(NamedTuple):
    """Lines of some whole pages as tensors; the first dimension is n lines unless said otherwise.

    dense float[n, d]; single int64[n, s]; words int64[k] with offsets int64[n]; the weights (0 or 1) of single and
    words; page int64[n]; count int64[pages]; marks float[n, MARKS + 1], zeros where no HTML is seen; swapped: rows
    whose words a phrase replaces, int64[m], and the vectors' sums of those phrases are given to `forward`.
    """

    dense: Tensor
    single: Tensor
    words: Tensor
    offsets: Tensor
    single_weight: Tensor
    words_weight: Tensor
    page: Tensor
    count: Tensor
    marks: Tensor
    swapped: Tensor


class Given(NamedTuple):
    """Word vectors learnt elsewhere: float[g, k], and the rows int64[g] of the words in the vocabulary.

    The network learns only how they enter it: a matrix [k, word_dims], whose products are added to its own vectors.
    """

    rows: Tensor
    vectors: Tensor


class Output(NamedTuple):
    """Logits, and what they are made from.

    labels float[n, 17]; content float[n], of being text; title float[n], of being the page's headline, which only one
    line is; page_type float[pages, 7]; hidden float[n, width].
    """

    labels: Tensor
    content: Tensor
    title: Tensor
    page_type: Tensor
    hidden: Tensor


def new_parameters(shape: Shape, rows: int, seed: int, given: Given | None = None) -> Parameters:
    """Fresh weights for a vocabulary of so many rows, the same for the same seed."""
    source = torch.Generator().manual_seed(seed)
    width, words = shape.width, shape.word_dims

    def matrix(inputs: int, columns: int, gain: float) -> Tensor:
        return torch.randn(inputs, columns, generator=source) * (gain / math.sqrt(inputs))

    entry = len(DENSE) + words + MARKS + 1
    made = {"words": torch.randn(rows, words, generator=source) * WORD_SCALE}
    if given is not None:
        made["given"] = matrix(given.vectors.shape[1], words, WORD_SCALE)
    layers = {"entry": (entry, width, 1.4)}
    layers |= {f"convolution{i}": (3 * width, width, 0.7) for i in range(len(shape.dilations))}
    layers |= {f"context{i}": (2 * width, width, 1.4) for i in shape.contexts}
    layers |= {f"return{i}": (width, width, 0.3) for i in shape.contexts}
    layers |= {"neck": (width, width, 1.4), "head": (width, len(LABELS) + 2, 0.3)}
    layers |= {
        "page_type": (width, len(PAGE_TYPES), 0.3),
        "phrases": (words, len(LABELS), 0.5),
        "markup": (width, MARKS, 0.3),
    }
    for name, (inputs, columns, gain) in layers.items():
        made[f"{name}.weight"] = matrix(inputs, columns, gain)
        made[f"{name}.bias"] = torch.zeros(columns)
    return {name: value.requires_grad_() for name, value in made.items()}


class Network:
    """A network at work: its shape and weights, and how activations are treated on their way.

    `activate(values, name)` is given every activation before it is multiplied; it is where training drops some and
    where ranges are measured. With `steps` (see `rounding`) weights are rounded as in the shipped model.
    """

    def __init__(
        self,
        shape: Shape,
        parameters: Parameters,
        activate: Activation,
        *,
        steps: Steps | None = None,
        given: Given | None = None,
    ) -> None:
        self.shape, self.parameters, self.activate, self.steps, self.given = shape, parameters, activate, steps, given
        self.words = self.word_vectors()

    def refresh(self) -> None:
        """Takes the word vectors anew, after the weights have changed."""
        self.words = self.word_vectors()

    def layer(self, name: str, values: Tensor) -> Tensor:
        """Applies one layer to float[n, k]."""
        weight = self.parameters[f"{name}.weight"]
        if self.steps is not None:
            units = entry_units(self.shape, self.steps) if name == "entry" else torch.ones(1, 1)
            weight = weight * units
            unit = (weight.detach().abs().amax(0) / 127).clamp(min=1e-9)
            weight = _rounded(weight / unit, 127) * unit / units
        return values @ weight + self.parameters[f"{name}.bias"]

    def word_vectors(self) -> Tensor:
        """float[rows, word_dims], rounded if weights are."""
        words = with_given(self.parameters, self.given)
        if self.steps is None:
            return words
        return _rounded(words / self.steps["words"], 127) * self.steps["words"]

    def bag(self, ids: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        """Sums word vectors: of ids int64[k], weighted, from each offset to the next."""
        return F.embedding_bag(ids, self.words, offsets, mode="sum", per_sample_weights=weights)

    def __call__(self, batch: Batch, phrases: Tensor | None = None) -> Output:
        """The network's output for a batch; `phrases` float[m, word_dims] are added to the swapped rows."""
        each = batch.single.shape[1]
        bag = self.bag(batch.words, batch.offsets, batch.words_weight)
        bag = bag + self.bag(
            batch.single.reshape(-1), torch.arange(0, batch.single.numel(), each), batch.single_weight.reshape(-1)
        )
        if phrases is not None:
            bag = bag.index_add(0, batch.swapped, phrases)
        seen = [batch.dense * DENSE_UNIT, self.activate(bag, "bag"), batch.marks]
        state = self.layer("entry", torch.cat(seen, 1))
        page_type = state.new_zeros(len(batch.count), len(PAGE_TYPES))
        for i, dilation in enumerate(self.shape.dilations):
            if i in self.shape.contexts:
                context = self.page_context(i, self.activate(state, f"before_context{i}"), batch)
                page_type = self.layer("page_type", context)
                state = state + self.layer(f"return{i}", context)[batch.page]
            state = state + self.layer(
                f"convolution{i}", _neighbours(self.activate(state, f"before_convolution{i}"), dilation, batch.page)
            )
        hidden = self.activate(self.layer("neck", self.activate(state, "before_neck")), "before_head")
        logits = self.layer("head", hidden)
        return Output(logits[:, :-2], logits[:, -2], logits[:, -1], page_type, hidden)

    def page_context(self, i: int, values: Tensor, batch: Batch) -> Tensor:
        """Looks at whole pages: float[pages, width] of the mean and the greatest activations of their lines."""
        mean = (
            values.new_zeros(len(batch.count), values.shape[1]).index_add_(0, batch.page, values) / batch.count[:, None]
        )
        most = torch.segment_reduce(values, "max", lengths=batch.count)
        return self.activate(self.layer(f"context{i}", torch.cat([mean, most], 1)), f"inside_context{i}")


def with_given(parameters: Parameters, given: Given | None) -> Tensor:
    """float[rows, word_dims]: the word vectors, what was given included."""
    if given is None:
        return parameters["words"]
    return parameters["words"].index_add(0, given.rows, given.vectors @ parameters["given"])


def word_unit(words: Tensor) -> float:
    """The unit of word vectors in eight bits: all but the outermost values fit."""
    sizes = words.detach().abs().flatten()
    return float(sizes[sizes > 0].kthvalue(max(1, int(0.9999 * int((sizes > 0).sum())))).values) / 127


def entry_units(shape: Shape, steps: Steps) -> Tensor:
    """float[d + word_dims + MARKS + 1, 1]: the unit of each whole number that enters the network."""
    dense, bag = torch.full((len(DENSE),), DENSE_UNIT), torch.full((shape.word_dims,), steps["bag"])
    marks = torch.full((MARKS + 1,), 1 / MARK)
    return torch.cat([dense, bag, marks])[:, None]


def plain(values: Tensor, name: str) -> Tensor:
    """Activations as they are, those below zero cut off."""
    return values if name == "bag" else F.relu(values)


def rounding(steps: Steps) -> Activation:
    """Activations as the shipped model has them: whole multiples of a step in eight bits."""

    def activate(values: Tensor, name: str) -> Tensor:
        step = steps[name]
        if name == "bag":
            return _rounded(values / step, 127) * step
        scaled = F.relu(values) / step
        return _rounded(scaled, 255) * step

    return activate


def dropping(activate: Activation, rate: float) -> Activation:
    """Activations of which a share is dropped, as training wants."""
    return lambda values, name: activate(values, name) if name == "bag" else F.dropout(activate(values, name), rate)


def measuring(seen: dict[str, list[float]]) -> Activation:
    """Activations as they are; their nearly greatest sizes are noted down."""

    def activate(values: Tensor, name: str) -> Tensor:
        out = plain(values, name)
        sizes = out.abs().flatten()
        seen.setdefault(name, []).append(float(sizes.kthvalue(max(1, int(0.9998 * len(sizes)))).values))
        return out

    return activate


def _rounded(values: Tensor, most: int) -> Tensor:
    """Rounded and clipped on the way forward; on the way back as if only clipped."""
    clipped = values.clamp(-most, most)
    return clipped + (clipped.round() - clipped).detach()


def _neighbours(values: Tensor, dilation: int, page: Tensor) -> Tensor:
    zeros = values.new_zeros(min(dilation, len(values)), values.shape[1])
    if len(values) <= dilation:
        return torch.cat([zeros, values, zeros], 1)
    same = (page[dilation:] == page[:-dilation])[:, None].to(values.dtype)
    before = torch.cat([zeros, values[:-dilation] * same])
    after = torch.cat([values[dilation:] * same, zeros])
    return torch.cat([before, values, after], 1)


def quantised(shape: Shape, parameters: Parameters, steps: Steps, names: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Weights and scales as `model.LineModel` wants them; `names` are those of the rows after row 0."""
    weights = {name: value.detach().numpy() for name, value in parameters.items()}
    unit = steps["words"]
    words = np.clip(np.rint(weights["words"] / np.float32(unit)), -127, 127)
    words[0] = 0
    out: dict[str, Any] = {
        "names": names,
        "words": words.astype(np.int8),
        "bag_scale": np.float32(unit / steps["bag"]),
        "dilations": np.array(shape.dilations, np.int64),
        "contexts": np.array(shape.contexts, np.int64),
    }
    for name, unit_in in _units(shape, steps).items():
        _put_layer(out, name, weights, unit_in)
    for name, step in steps.items():
        if name not in ("bag", "words"):
            out[f"step.{name}"] = np.float32(1 / step)
    return out


def restored(stored: Mapping[str, np.ndarray[Any, Any]]) -> tuple[Shape, Parameters, Steps]:
    """What `quantised` was given, but for what only training needs (the layer of page types is zeros).

    Only the ratio of the steps of words and of their sums is stored; that of the sums is `BAG_STEP` here.
    """
    shape = Shape(
        word_dims=stored["words"].shape[1],
        width=len(stored["neck.bias"]),
        dilations=tuple(stored["dilations"].tolist()),
        contexts=tuple(stored["contexts"].tolist()),
    )
    steps = {name[5:]: 1 / float(value) for name, value in stored.items() if name.startswith("step.")}
    steps |= {"bag": BAG_STEP, "words": float(stored["bag_scale"]) * BAG_STEP}
    parameters = {"words": torch.from_numpy(stored["words"].astype(np.float32)) * steps["words"]}
    for name, unit in _units(shape, steps).items():
        weight = stored[f"{name}.weight"].astype(np.float32) * stored[f"{name}.scale"] / unit
        parameters[f"{name}.weight"] = torch.from_numpy(weight)
        parameters[f"{name}.bias"] = torch.from_numpy(stored[f"{name}.bias"].copy())
    parameters["page_type.weight"] = torch.zeros(shape.width, len(PAGE_TYPES))
    parameters["page_type.bias"] = torch.zeros(len(PAGE_TYPES))
    return shape, parameters, steps


def _units(shape: Shape, steps: Steps) -> dict[str, Any]:
    """Of each layer, the unit of the whole numbers that enter it."""
    layers = ["neck", "head", *(f"convolution{i}" for i in range(len(shape.dilations)))]
    layers += [f"{kind}{i}" for kind in ("context", "return") for i in shape.contexts]
    inputs = {"neck": "before_neck", "head": "before_head"}
    inputs |= {f"convolution{i}": f"before_convolution{i}" for i in range(len(shape.dilations))}
    for i in shape.contexts:
        inputs |= {f"context{i}": f"before_context{i}", f"return{i}": f"inside_context{i}"}
    units: dict[str, Any] = {name: np.float32(steps[inputs[name]]) for name in layers}
    units["entry"] = entry_units(shape, steps).numpy()
    return units


def _put_layer(out: dict[str, Any], name: str, weights: dict[str, Any], unit_in: Any) -> None:
    weight = weights[f"{name}.weight"] * unit_in
    scale = np.maximum(np.abs(weight).max(axis=0) / 127, 1e-12).astype(np.float32)
    out[f"{name}.weight"] = np.rint(weight / scale).astype(np.int8)
    out[f"{name}.scale"], out[f"{name}.bias"] = scale, weights[f"{name}.bias"].astype(np.float32)
