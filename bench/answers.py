"""Thread answers on validation episodes: seconds (wall and processor), with and without rereading.

    python -m bench.answers [EPISODES_FOLDER] [--threads 1] [--questions 40]

One answerable question an episode at most, each episode as the library has it: vectors of passages are there
(made before the clock starts), its sentences are not. Models are loaded and warm. `read`: the share of
questions that the cross-encoder read. Says the machine's load, without which the wall's seconds tell little.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from bot.answer.answer import SearchAnswerer
from bot.answer.cross import CrossEncoder
from bot.answer.library import FileLibrary
from bot.answer.ranker import Ranker
from bot.answer.reread import Reread
from bot.config import Settings
from bot.domain import Answer, Episode, Source
from bot.read.encoder import Encoder
from bot.read.sentences import sentences
from bot.training.episodes import annotated, is_validation
from bot.weights import Weights

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=DATA / "episodes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--questions", type=int, default=40)
    asked = parser.parse_args()
    weights = Weights(Settings().cache_dir / "weights")
    encoder = Encoder.load(weights, threads=asked.threads)
    pairs = CrossEncoder.later(weights, threads=asked.threads)()
    held = [e for e in annotated(asked.folder) if is_validation(e)][: asked.questions]
    questions = [next(q["question"] for q in e.reference["qa"] if q["evidence"]) for e in held]
    print("| | read | wall p50 s | p95 | cpu p50 s | p95 | tokens p50 | p95 |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        library = FileLibrary(Path(scratch), encoder)
        sources = []
        for n, e in enumerate(held, 1):
            library.add(n, sentences(e.transcript))
            sources.append(Source(episode=Episode(id=n), transcript=e.transcript))
        for name, reread in (("ranker", None), ("ranker, reread", Reread(lambda: pairs))):
            answerer = SearchAnswerer(encoder, cut=sentences, ranker=Ranker(), library=library, reread=reread)
            timed = [clocked(answerer, q, s) for q, s in zip(questions, sources, strict=True)]
            row(name, timed)
    print(f"{len(held)} questions, {asked.threads} threads, load {os.getloadavg()[0]:.0f}")


def clocked(answerer: SearchAnswerer, question: str, source: Source) -> tuple[Answer, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = answerer.answer(question, [source])
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def row(name: str, timed: list[tuple[Answer, float, float]]) -> None:
    answers, walls, cpus = zip(*timed, strict=True)
    read = np.mean(["cross-encoder" in a.provenance.reader for a in answers])
    told = [np.percentile(v, (50, 95)) for v in (walls, cpus, [a.provenance.tokens for a in answers])]
    seconds = [f"{v:.2f}" for pair in told[:2] for v in pair]
    print("|", " | ".join([name, f"{read:.2f}", *seconds, *(f"{v:.0f}" for v in told[2])]), "|", flush=True)


if __name__ == "__main__":
    main()
