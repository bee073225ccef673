"""Measures answers, trains them: `python -m bot.training.answers FOLDER --minilm … --converted … [--train]`

With `--reranker …` the cross-encoder's order too.

The right evidence: a passage of five sentences (the sentence found and two on either side) that holds a
sentence which the annotator named. Passages of a ranking do not share a middle: they are at least three
sentences apart. Figures are of the validation episodes, which no part was fitted on.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from bot.answer.cross import CrossEncoder
from bot.answer.places import Sureness, chosen
from bot.answer.ranker import WEIGHTS, Ranker
from bot.answer.reread import READ, Pairs, Reread
from bot.answer.reread import WEIGHTS as ORDER
from bot.answer.search import Hit
from bot.answer.words import Floats
from bot.read.encoder import Encoder
from bot.training.answers_data import Asked, asked
from bot.training.answers_ranker import ensemble, save, sureness
from bot.training.answers_reread import fitted, places, reordered, seen
from bot.training.episodes import annotated

log = logging.getLogger("earmark.training.answers")
HALF = 2
# The share of answerable questions that the shipped threshold refuses, on episodes learnt from but not by
# the network that answers.
REFUSED = 0.1
FIRST = (1, 3, 5, 10)
# How far down the list the other episode is whose questions an episode can hardly answer: another show's.
SHIFT = 37
CURVE = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


def train(
    questions: Sequence[Asked], pairs: Pairs | None = None
) -> tuple[Mapping[str, Floats], Mapping[str, Floats] | None]:
    """All tensors of the shipped files, from the questions that are not for validation: the ranker's, and the
    order's where there is a cross-encoder."""
    weights, unseen = ensemble(questions)
    own = [(q, hits) for q, hits in zip(questions, unseen, strict=True) if q.weight == 1]
    mean, scale, sure, intercept = sureness([q for q, _ in own], [hits for _, hits in own])
    guess = Sureness(mean=mean, scale=scale, weights=sure, intercept=intercept)
    chances = [guess.of_hits(q.question, q.index, hits) for q, hits in own if q.evidence]
    rest = np.array([intercept, np.quantile(chances, REFUSED)], np.float32)
    ranker = {**weights, "sure.mean": mean, "sure.scale": scale, "sure.weights": sure, "sure.rest": rest}
    return ranker, fitted([seen(q, hits, pairs) for q, hits in own if q.evidence]) if pairs else None


def report(questions: Sequence[Asked], ranker: Ranker | None, order: Reread | None = None) -> None:
    """Recall of the right evidence, what is cited, and the curve of refusals, to the log.

    Refusals are decided before anything is reordered, the answerable all reordered here.
    """
    found = [q.index.search(q.question, READ, ranker) for q in questions]
    begun, before = time.process_time(), order.tokens if order else 0
    read = [(q, *reordered(q, h, order)) for q, h in zip(questions, found, strict=True) if q.evidence]
    answerable = [(q, h) for q, h, _ in read]
    recalls = [np.mean([place(q, h) < n for q, h in answerable]) for n in FIRST]
    log.info("%s", " + ".join(part.name for part in (ranker, order) if part) or "search alone")
    log.info("  right evidence among the first %s: %s", FIRST, np.round(recalls, 3).tolist())
    log.info(
        "  the answer cites a sentence of the evidence: %.3f", np.mean([cites(q, h) for q, h in answerable])
    )
    if order:
        spent = (time.process_time() - begun, order.tokens - before)
        log.info(
            "  reordered %.2f; %.2f CPU s, %d tokens each", *_each([again for _, _, again in read], spent)
        )
    sure = Sureness.of(ranker)
    chances = [sure.of_hits(q.question, q.index, h) for q, h in zip(questions, found, strict=True)]
    shipped = (sure.threshold, *refused(questions, chances, sure.threshold))
    log.info("  at the threshold %.2f: unanswerable %.2f, others' %.2f, answerable %.2f refused", *shipped)
    for share in CURVE:
        _curve(questions, found, chances, share)


def _each(again: Sequence[bool], spent: tuple[float, int]) -> tuple[float, float, float]:
    """The share that was read again, and what one of those cost."""
    count = max(sum(again), 1)
    return float(np.mean(again)), spent[0] / count, spent[1] / count


def _curve(
    questions: Sequence[Asked], found: Sequence[Sequence[Hit]], chances: Sequence[float], share: float
) -> None:
    """What refusing so many of the answerable buys."""
    own = [(q, h, c) for q, h, c in zip(questions, found, chances, strict=True) if q.evidence]
    at = float(np.quantile([c for _, _, c in own], share))
    right = np.mean([place(q, h) == 0 for q, h, c in own if c >= at])
    log.info(
        "  refused: unanswerable %.2f, others' %.2f, answerable %.2f; of the answered, right first %.2f",
        *refused(questions, chances, at),
        right,
    )


def place(one: Asked, hits: Sequence[Hit]) -> int:
    """The place of the first passage that holds evidence, 0 the best; the number of hits where none does."""
    near = (any(abs(h.at - e) <= HALF for e in one.evidence) for h in hits)
    return next((n for n, right in enumerate(near) if right), len(hits))


def cites(one: Asked, hits: Sequence[Hit]) -> bool:
    said = chosen(places(one, hits[:1])[0])
    return any(one.index.sentences[e] in said for e in one.evidence)


def refused(
    questions: Sequence[Asked], chances: Sequence[float], threshold: float
) -> tuple[float, float, float]:
    """Shares refused of the unanswerable, of other episodes' questions, and of the answerable."""
    sure = np.array(chances)
    has = np.array([bool(q.evidence) for q in questions])
    foreign = np.array([q.foreign for q in questions])
    groups = (~has & ~foreign, foreign, has)
    unanswerable, others, answerable = (float((sure[g] < threshold).mean()) for g in groups)
    return unanswerable, others, answerable


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--converted", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/vectors"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--reranker", type=Path, help="The folder of the cross-encoder.")
    parser.add_argument("--order", type=Path, default=ORDER)
    parser.add_argument("--train", action="store_true")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    encoder = Encoder(options.minilm, options.converted, threads=1)
    episodes = list(annotated(options.folder))
    by = min(SHIFT, len(episodes) // 2)
    beside = zip(episodes, episodes[by:] + episodes[:by], strict=True)
    questions = [q for e, other in beside for q in asked(e, other, encoder, options.cache)]
    pairs = CrossEncoder(options.reranker, threads=1) if options.reranker else None
    if options.train:
        ranks, order = train([q for q in questions if not q.validation], pairs)
        save(ranks, options.out)
        if order:
            save_file(dict(order), str(options.order))
    kept = [q for q in questions if q.validation]
    for ranker in (None, Ranker(options.out)):
        report(kept, ranker)
    if pairs:
        report(kept, Ranker(options.out), Reread(lambda: pairs, options.order))


if __name__ == "__main__":
    main()
