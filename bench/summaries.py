"""Reading against sumy's TextRank and LexRank: seconds an episode, and nDCG@5, in one run.

    python -m venv V && V/bin/pip install sumy numpy
    python -m bench.summaries V/bin/python [--folder FOLDER] [--episodes 5]

sumy lives in an environment of its own: it brings nltk and a tokenizer that wants a download at run time, so
it is given words by a plain rule here, and the published sentences as they are. Each method reads the same
episodes, those the shipped reader has not learnt from, one after the other on one thread. Seconds are of the
processor, without loading and without starting a process; the metric is that of bot.training.evaluate.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from bot import config
from bot.training import baselines
from bot.training.folder import load
from bot.training.methods import Method, of_reader, of_sentences
from bot.training.scores import row
from bot.training.seen import Seen, published, see
from bot.wiring import Earmark

ROOT = Path(__file__).resolve().parent.parent
# Runs in sumy's environment: sentences a line in, [order, seconds] a line out.
SUMY = r"""
import json, re, sys, time
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.nlp.stemmers import Stemmer
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer

class Words:
    def to_words(self, text):
        return tuple(re.findall(r"[^\W\d_](?:[^\W\d_]|['-])*", text))

def lex_rank(maker, document):
    words = [maker._to_words_set(s) for s in document.sentences]
    matrix = maker._create_matrix(words, maker.threshold, maker._compute_tf(words), maker._compute_idf(words))
    return maker.power_method(matrix, maker.epsilon)

def text_rank(maker, document):
    return maker.power_method(maker._create_matrix(document), maker.epsilon)

kinds = {"TextRank": (TextRankSummarizer, text_rank), "LexRank": (LexRankSummarizer, lex_rank)}
kind, rate = kinds[sys.argv[1]]
maker = kind(Stemmer("english"))
for line in sys.stdin:
    document = ObjectDocumentModel([Paragraph([Sentence(text, Words()) for text in json.loads(line)])])
    began = time.process_time()
    ranks = list(rate(maker, document))
    order = sorted(range(len(ranks)), key=lambda i: -ranks[i])
    print(json.dumps([order, time.process_time() - began]), flush=True)
"""


class Sumy:
    """One of sumy's methods in its own process, as an order of sentences; `seconds` of each call."""

    def __init__(self, python: Path, method: str) -> None:
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [str(python), "-c", SUMY, method]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )
        self.seconds: list[float] = []

    def __call__(self, texts: Sequence[str], seed: str = "") -> list[int]:
        assert self._process.stdin and self._process.stdout
        print(json.dumps(list(texts)), file=self._process.stdin, flush=True)
        order, seconds = json.loads(self._process.stdout.readline())
        self.seconds.append(seconds)
        return list(order)

    def close(self) -> None:
        self._process.communicate()


def main() -> None:
    data = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("python", type=Path, help="the interpreter of the environment that has sumy")
    parser.add_argument("--folder", type=Path, default=data / "episodes")
    parser.add_argument("--episodes", type=int, default=0, help="only the first so many")
    asked = parser.parse_args()
    reader = Earmark(config.load(threads=1), progress=lambda *_: None).reader
    episodes = [published(e) for e in load(asked.folder).episodes][: asked.episodes or None]
    reader.read(episodes[0].transcript)  # what is made at first use is made
    spent: list[float] = []
    seen = [timed(lambda form=form: see(form, reader), spent) for form in episodes]  # type: ignore[misc]
    minutes = mean((e.transcript.segments[-1].start or 0.0) / 60 for e in episodes)
    print(f"{len(seen)} episodes of {minutes:.0f} minutes; load {os.getloadavg()[0]:.1f}\n")
    print("| method | CPU s an episode | nDCG@5 | hit@5 |\n|---|---|---|---|")
    show("reader", of_reader, seen, spent)
    for name in ("TextRank", "LexRank"):
        made = Sumy(asked.python, name)
        show(f"sumy {name}", of_sentences(made), seen, made.seconds)
        made.close()
    ours: list[float] = []
    show(
        "TextRank of bot.training",
        of_sentences(lambda t, s: timed(lambda: baselines.textrank(t), ours)),
        seen,
        ours,
    )


def timed(act: Callable[[], Any], spent: list[float]) -> Any:
    began = time.process_time()
    made = act()
    spent.append(time.process_time() - began)
    return made


def show(name: str, method: Method, seen: Sequence[Seen], spent: list[float]) -> None:
    figures = row(name, [method], seen).figures
    print(f"| {name} | {mean(spent):.2f} | {figures['nDCG@5']:.3f} | {figures['hit@5']:.3f} |", flush=True)


if __name__ == "__main__":
    main()
