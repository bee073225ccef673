"""Trains the finder of advertisements: `python -m bot.training.ads FOLDER --pythonbytes FOLDER`."""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from bot.read.ads_cues import Floats
from bot.read.ads_features import BITS, Ints, candidates, rows, span_rows
from bot.read.sponsors import COLUMNS, MEMBERS, WEIGHTS
from bot.training.ads_items import Item, items

FOLDS, HIDDEN = 3, 10
Weights = dict[str, NDArray[Any]]


def fit(found: Sequence[Item]) -> Weights:
    """All three steps; each learns from what the step before says of episodes it was not trained on."""
    fold = _folds(found)
    lexical = _across(found, fold, fit_words, _lexical)
    table = [rows(i.seen, x) for i, x in zip(found, lexical, strict=True)]
    by_item = {id(i): x for i, x in zip(found, table, strict=True)}
    scores = _across(
        found,
        fold,
        lambda some: fit_sentences(some, [by_item[id(i)] for i in some]),
        lambda w, i: _sentence_scores(w, by_item[id(i)]),
    )
    return fit_words(found) | fit_sentences(found, table) | fit_spans(found, scores)


def _folds(found: Sequence[Item]) -> list[int]:
    """Twins share a fold."""
    rng, of = random.Random(0), dict[str, int]()
    return [of.setdefault(i.id, rng.randrange(FOLDS)) for i in found]


def _across(
    found: Sequence[Item],
    fold: Sequence[int],
    train: Callable[[list[Item]], Weights],
    apply: Callable[[Weights, Item], Floats],
) -> list[Floats]:
    models = [train([i for i, f in zip(found, fold, strict=True) if f != n]) for n in range(FOLDS)]
    return [apply(models[f], i) for i, f in zip(found, fold, strict=True)]


def targets(one: Item) -> Floats:
    """(n, 6): inside, start and end of a sponsor read, then of a promo."""
    table = np.zeros((len(one.seen.words), 6), np.float32)
    for kind, first, last in one.spans:
        column = COLUMNS[kind]  # type: ignore[index]
        table[first : last + 1, column] = table[first, column + 1] = table[last, column + 2] = 1
    return table


def fit_words(found: Sequence[Item]) -> Weights:
    """Logistic regression on hashed words and pairs; content is thinned, and weighs more in turn."""
    rng, thin = np.random.default_rng(0), 0.15
    terms, wanted = [], []
    for one in found:
        inside = targets(one)[:, (0, 3)]
        for i in np.flatnonzero(one.counts & ((inside.sum(axis=1) > 0) | (rng.random(len(inside)) < thin))):
            if len(one.seen.terms[i]):
                terms.append(one.seen.terms[i])
                wanted.append(inside[i])
    return _regress_words(terms, np.array(wanted), thin)


def _regress_words(terms: Sequence[NDArray[np.int32]], wanted: Floats, thin: float) -> Weights:
    sizes = torch.tensor([len(t) for t in terms])
    joined, offsets = torch.from_numpy(np.concatenate(terms).astype(np.int64)), sizes.cumsum(0) - sizes
    weight = torch.where(torch.from_numpy(wanted.sum(axis=1) > 0), 1.0, 1 / thin)[:, None]
    table = torch.zeros(1 << BITS, 2, requires_grad=True)
    bias = torch.zeros(2, requires_grad=True)

    def loss() -> torch.Tensor:
        sums = torch.nn.functional.embedding_bag(joined, table, offsets, mode="sum")
        out = sums / sizes.sqrt()[:, None] + bias
        return _entropy(out, torch.from_numpy(wanted), weight) + 3e-6 * (table**2).sum()

    _minimise([table, bias], loss, 40)
    return {"words": table.detach().numpy().T.astype(np.float16), "words.bias": bias.detach().numpy()}


def fit_sentences(found: Sequence[Item], table: Sequence[Floats]) -> Weights:
    seen, wanted, weight = [], [], []
    rng = np.random.default_rng(1)
    for one, x in zip(found, table, strict=True):
        y = targets(one)
        near = np.convolve(y[:, 0] + y[:, 3], np.ones(25), "same")[: len(y)] > 0
        keep = one.counts & (near | (rng.random(len(y)) < 0.15))
        seen.append(x[keep])
        wanted.append(y[keep])
        weight.append(np.where(near, 1.0, 6.0)[keep])
    mean, scale, net = _net(np.concatenate(seen), np.concatenate(wanted), np.concatenate(weight), 4e-4, 50, 0)
    names = ("sentence.mean", "sentence.scale", "sentence.weight", "sentence.bias")
    return dict(zip(names, (mean, scale, *net), strict=True))


def fit_spans(found: Sequence[Item], scores: Sequence[Floats]) -> Weights:
    weights: Weights = {}
    for kind, column in COLUMNS.items():
        rated = [_rated(i, s, kind, column) for i, s in zip(found, scores, strict=True)]
        seen, wanted, weight = (np.concatenate(x) for x in zip(*(r for r in rated if r), strict=True))
        for member in range(MEMBERS):
            torch.manual_seed(member)
            mean, scale, net = _net(seen, wanted[:, None], weight, 2e-4, 100, HIDDEN)
            names = (f"{kind}.{member}.{n}" for n in ("mean", "scale", "in", "in.bias", "out", "out.bias"))
            weights |= dict(zip(names, (mean, scale, *net), strict=True))
    return weights


def _rated(one: Item, scores: Floats, kind: str, column: int) -> tuple[Floats, Floats, Floats] | None:
    """Candidates, how well each meets a true span (1 from two thirds of overlap on), their weights."""
    spans = candidates(one.seen, scores[:, column + 1], scores[:, column + 2])
    left_out = np.concatenate([[0], np.cumsum(~one.counts)])
    spans = spans[left_out[spans[:, 1] + 1] == left_out[spans[:, 0]]]
    if not len(spans):
        return None
    best = _best_overlap(one, spans, kind)
    weight = np.where(best > 0.2, 1.0, 0.3) / max(1.0, len(spans) / 200)
    return span_rows(one.seen, scores, spans, column), np.clip((best - 0.35) / 0.3, 0, 1), weight


def _best_overlap(one: Item, spans: Ints, kind: str) -> Floats:
    before = np.concatenate([[0.0], np.cumsum(one.seen.words)])
    start, end = before[spans[:, 0]], before[spans[:, 1] + 1]
    best = np.zeros(len(spans), np.float32)
    for a, b in ((before[f], before[t + 1]) for k, f, t in one.spans if k == kind):
        both = np.clip(np.minimum(end, b) - np.maximum(start, a), 0, None)
        best = np.maximum(best, both / (np.maximum(end, b) - np.minimum(start, a)))
    return best


def _lexical(weights: Weights, one: Item) -> Floats:
    words = weights["words"].astype(np.float32)
    sums = [words[:, t].sum(axis=1) / max(1, len(t)) ** 0.5 for t in one.seen.terms]
    table: Floats = np.array(sums, np.float32) + weights["words.bias"]
    return table


def _sentence_scores(w: Weights, x: Floats) -> Floats:
    scores: Floats = (x - w["sentence.mean"]) / w["sentence.scale"] @ w["sentence.weight"].T + w[
        "sentence.bias"
    ]
    return scores


def _net(x: Floats, y: Floats, weight: Floats, decay: float, steps: int, hidden: int) -> Any:
    """Standardised logistic regression, or one hidden layer: mean, scale, then weights and biases."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    seen, wanted = torch.from_numpy((x - mean) / scale).float(), torch.from_numpy(y).float()
    sizes = [x.shape[1], hidden, y.shape[1]] if hidden else [x.shape[1], y.shape[1]]
    layers = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    kept = torch.from_numpy(weight).float()[:, None]

    def loss() -> torch.Tensor:
        out = seen
        for number, layer in enumerate(layers):
            out = layer(torch.tanh(out) if number else out)
        return _entropy(out, wanted, kept) + decay * sum((layer.weight**2).sum() for layer in layers)

    params = [p for layer in layers for p in layer.parameters()]
    _minimise(params, loss, steps)
    return mean, scale, [p.detach().numpy() for p in params]


def _entropy(out: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    each = torch.nn.functional.binary_cross_entropy_with_logits(out, wanted, reduction="none")
    return (each * weight).sum() / weight.sum()


def _minimise(params: Sequence[Any], loss: Callable[[], torch.Tensor], steps: int) -> None:
    optimiser = torch.optim.LBFGS(params, max_iter=steps, history_size=10, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    optimiser.step(closure)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="transcript and reference files")
    parser.add_argument("--pythonbytes", type=Path, help="folder of the VTT files that ads_labels.json marks")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    weights = fit(list(items(options.folder, options.pythonbytes)))
    save_file(
        {k: np.ascontiguousarray(v, np.float16 if k == "words" else np.float32) for k, v in weights.items()},
        options.out,
    )


if __name__ == "__main__":
    main()
