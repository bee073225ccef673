"""Search over the library at growing sizes: milliseconds, recall against looking at every vector, bytes.

    python -m bench.library_search [EPISODES_FOLDER] [--sizes 1000 10000 100000] [--threads 2]

Passages are made of the sentences of the annotated episodes, drawn anew for every episode that is added, so
that few are the same; a passage's vector is the mean of its sentences' vectors (to encode a million would
take a day). Questions are the annotated ones. Times are of the wall and, for a machine that has other work
too, of the processor, the encoding of the question included. `recall` is the share of the ten nearest
passages by exact cosine that the vectors' shortlist holds; `scoped` searches twenty episodes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bot.answer import vectors
from bot.answer.library import FileLibrary
from bot.answer.passages import stretches
from bot.domain import Sentence
from bot.read.encoder import Encoder, unit
from bot.read.sentences import sentences
from bot.training.episodes import Annotated, annotated
from bot.training.vectors import cached
from bot.weights import Weights

ROOT = Path(__file__).resolve().parent.parent
AN_EPISODE = 900  # sentences, which is an hour
SCOPE = 20


def main() -> None:
    asked = arguments()
    encoder = Encoder.load(Weights(asked.weights, progress=lambda *_: None), threads=asked.threads)
    episodes = list(annotated(asked.folder))
    questions = [q["question"] for e in episodes for q in e.reference["qa"]][: asked.questions]
    said, vectors_of = pool(episodes, encoder, asked.cache)
    print(
        "passages | add s | MB | all p50 ms | p95 | cpu p50 | p95"
        " | scoped p50 ms | p95 | cpu p50 | p95 | recall | exact ms"
    )
    with tempfile.TemporaryDirectory(dir=asked.scratch) as scratch:
        library = FileLibrary(Path(scratch), encoder)
        made = endless(said, vectors_of)
        held, episode = 0, 0
        for size in sorted(asked.sizes):
            begun = time.perf_counter()
            while held < size:
                episode += 1
                drawn, rows = next(made)
                library.add(episode, drawn, rows)
                held += len(rows)
            added = time.perf_counter() - begun
            print(
                " | ".join(
                    [
                        f"{held}",
                        f"{added:.0f}",
                        *measured(library, encoder, questions, episode, Path(scratch)),
                    ]
                )
            )


def arguments() -> argparse.Namespace:
    data = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data / "episodes")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("build/vectors"), help="vectors of sentences")
    parser.add_argument("--weights", type=Path, default=Path.home() / ".cache/earmark/weights")
    parser.add_argument("--scratch", type=Path, help="where the library is put (some GB for a million)")
    return parser.parse_args()


def pool(
    episodes: Sequence[Annotated], encoder: Encoder, cache: Path
) -> tuple[list[Sentence], vectors.Floats]:
    """All sentences of all episodes and their vectors."""
    cut = [sentences(e.transcript) for e in episodes]
    rows = [
        cached(cache / f"{e.id}.npy", [s.text for s in c], encoder)
        for e, c in zip(episodes, cut, strict=True)
    ]
    return [s for c in cut for s in c], np.concatenate(rows)


def endless(said: Sequence[Sentence], of: vectors.Floats) -> Iterator[tuple[list[Sentence], vectors.Floats]]:
    """Episodes of sentences that follow one another in the pool, begun and shortened at random."""
    rng = np.random.default_rng(0)
    while True:
        first = int(rng.integers(0, len(said) - 2 * AN_EPISODE))
        kept = first + np.flatnonzero(rng.random(2 * AN_EPISODE) < 0.5)[:AN_EPISODE]
        drawn = [said[i] for i in kept]
        spans = [(s.first, s.last) for s in stretches(drawn)]
        yield drawn, unit(np.stack([of[kept[a : b + 1]].mean(axis=0) for a, b in spans]))


def measured(
    library: FileLibrary, encoder: Encoder, questions: Sequence[str], episodes: int, folder: Path
) -> list[str]:
    rng = np.random.default_rng(1)
    near = [set(rng.choice(episodes, min(SCOPE, episodes), replace=False) + 1) for _ in questions]
    library.search(questions[0])
    everywhere = timed(lambda n: library.search(questions[n]), len(questions))
    scoped = timed(lambda n: library.search(questions[n], {int(i) for i in near[n]}), len(questions))
    recall, exact = against_all(library, encoder, questions[:50])
    megabytes = sum(p.stat().st_size for p in folder.iterdir()) / 1e6
    return [
        f"{megabytes:.0f}",
        *(
            f"{np.percentile(ms, at):.0f}"
            for both in (everywhere, scoped)
            for ms in zip(*both, strict=True)
            for at in (50, 95)
        ),
        f"{recall:.3f}",
        f"{exact:.0f}",
    ]


def timed(act: Callable[[int], object], n: int) -> list[tuple[float, float]]:
    """Milliseconds of the wall and of the processor."""
    taken = []
    for at in range(n):
        wall, cpu = time.perf_counter(), time.process_time()
        act(at)
        taken.append(((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000))
    return taken


def against_all(library: FileLibrary, encoder: Encoder, questions: Sequence[str]) -> tuple[float, float]:
    """Recall of the shortlist's ten nearest, and the median milliseconds of looking at every vector."""
    shares, taken = [], []
    for question in encoder.encode(questions):
        begun = time.perf_counter()
        exact = set(library.nearest(question, 10, exact=True))
        taken.append((time.perf_counter() - begun) * 1000)
        shares.append(len(exact & set(library.nearest(question, 10))) / len(exact))
    return float(np.mean(shares)), float(np.median(taken))


if __name__ == "__main__":
    main()
