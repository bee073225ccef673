"""How much of a cousin is it? The same frozen passages through two models: `earmark fidelity A B`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

from bot.errors import ConfigError
from bot.read.encoder import WeightFolders
from bot.read.reader import TUNED, SentenceScorer
from bot.training import fidelity_encoder as encoders
from bot.training import fidelity_reader as readers
from bot.training import fidelity_speech as speech
from bot.training import fidelity_words as words
from bot.training import plots
from bot.training.asked import asked_of
from bot.training.base import smollm2
from bot.training.cousins import loaded, split
from bot.training.episodes import Annotated
from bot.training.fidelity_report import Comparison, Limits, as_html, as_json, broken, verdict
from bot.training.folder import load
from bot.weights import Weights

NO_LIMITS = Limits()
EXAMPLES = 8
# Names of what ships, by kind; a folder or a file may stand for the language models and the readers.
READER, ENCODER, SPEECH, WORDS = "reader", "minilm", "whisper", "words"
MOST_POINTS = 1500


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to compare on what: `texts` are teacher-forced, or sentences for encoders; `outputs` written out,
    of `folder`'s held-out episodes (`episodes` of them for readers, 0 for all). For speech `folder` holds
    audio, of which `episodes` files are heard."""

    a: str
    b: str
    folder: Path
    texts: int = 100
    outputs: int = 12
    episodes: int = 0
    limits: Limits = NO_LIMITS


Compared = tuple[Comparison, list[str]]


def compared(order: Order, weights: Weights, today: date) -> Compared:
    """The comparison and its plots; ConfigError where the two are of different kinds."""
    torch.set_num_threads(1)  # a fair race: both engines with one
    kind, other = _kind(order.a), _kind(order.b)
    if kind != other:
        raise ConfigError(
            f"{order.a} and {order.b} can't be compared: they are for different things ({kind}, {other})."
        )
    made, drawn = COMPARE[kind](order, weights)
    found = replace(made, date=today.isoformat(), broken=broken(made.kind, made.figures, order.limits))
    return found, drawn


def _kind(name: str) -> str:
    where = split(name)[0]
    if where in (READER, ENCODER, SPEECH):
        return where
    return READER if where.endswith(".safetensors") else WORDS


def of_readers(order: Order, weights: WeightFolders) -> Compared:
    episodes = load(order.folder).episodes
    chosen = _spread(episodes, order.episodes or len(episodes))
    a, b = (readers.read(_scorer(name, weights), chosen) for name in (order.a, order.b))
    pairs = [(float(x), float(y)) for p, q in _zip(a.worth, b.worth) for x, y in _zip(p, q)]
    step = -(-len(pairs) // MOST_POINTS)
    drawn = [
        plots.scatter("Worth of a sentence", pairs[::step], a.name, b.name),
        plots.histogram("Difference of worth, B − A", [y - x for x, y in pairs], "difference"),
    ]
    figures = readers.figures(a, b)
    return Comparison(kind=READER, a=a.name, b=b.name, date="", passages=len(chosen), figures=figures), drawn


def _scorer(name: str, weights: WeightFolders) -> Callable[[], SentenceScorer]:
    where, means = split(name if ":" in name else f"{name}:int8")
    file = TUNED if where == READER else Path(where)
    if not file.is_file():
        raise ConfigError(f"There is no reader {where}; “reader” is the one that ships.")
    return readers.scorers(weights, file)[means]


def of_encoders(order: Order, weights: WeightFolders) -> Compared:
    texts = encoders.sentences_of(load(order.folder).episodes, order.texts)
    known = encoders.encoders(weights)
    a, b = (encoders.encoded(known[_means(name)], texts) for name in (order.a, order.b))
    cosines = (a.vectors * b.vectors).sum(axis=1).tolist()
    drawn = [plots.histogram("Cosine of a sentence's two vectors", cosines, "cosine")]
    figures = encoders.figures(a, b)
    return Comparison(kind=ENCODER, a=a.name, b=b.name, date="", passages=len(texts), figures=figures), drawn


def of_speech(order: Order, weights: Weights) -> Compared:
    files = speech.files_of(order.folder, order.episodes)
    known = speech.engines(weights)
    a, b = (speech.heard(known[_means(name)], files) for name in (order.a, order.b))
    texts = [(p.name, " ".join(x), " ".join(y)) for p, x, y in zip(files, a.words, b.words, strict=True)]
    figures = speech.figures(a, b, files)
    return Comparison(
        kind=SPEECH,
        a=a.name,
        b=b.name,
        date="",
        passages=len(files),
        figures=figures,
        examples=[t for t in texts if t[1] != t[2]][:EXAMPLES],
    ), []


def _means(name: str) -> str:
    """How a model that ships runs; int8, as it ships, unless said."""
    return split(name if ":" in name else f"{name}:int8")[1]


def of_words(order: Order, weights: WeightFolders) -> Compared:
    episodes = load(order.folder).episodes
    a, b = (loaded(name, lambda: smollm2(weights)) for name in (order.a, order.b))
    forced = list(words.told(a, b, asked_of(episodes, order.texts)))
    shown = asked_of(episodes, order.outputs) if order.outputs else []
    made = [words.written(model, shown) for model in (a, b)] if shown else []
    kl = [k for t in forced for k in t.kl]
    drawn = [
        plots.histogram("KL of a token, log10", [_log10(k) for k in kl], "log10 of nats"),
        plots.scatter("Loss of a text", [(t.loss_a, t.loss_b) for t in forced], a.name, b.name),
    ]
    names = [s.id for s in shown][:EXAMPLES]
    examples = list(zip(names, *(m.texts[:EXAMPLES] for m in made), strict=True)) if made else []
    figures = words.figures(a, b, forced, made)
    made_of = Comparison(
        kind=WORDS, a=a.name, b=b.name, date="", passages=len(forced), figures=figures, examples=examples
    )
    return made_of, drawn


def _zip(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(a, b, strict=True)


def _log10(value: float) -> float:
    return float(torch.log10(torch.tensor(max(value, 1e-8))))


def _spread(episodes: Sequence[Annotated], n: int) -> list[Annotated]:
    return [episodes[i * len(episodes) // n] for i in range(min(n, len(episodes)))]


COMPARE: Mapping[str, Callable[[Order, Weights], Compared]] = {
    READER: of_readers,
    ENCODER: of_encoders,
    SPEECH: of_speech,
    WORDS: of_words,
}


def written(found: Compared, out: Path) -> None:
    """The report as `out` (HTML), and beside it as JSON."""
    comparison, drawn = found
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(as_html(comparison, drawn), "utf-8")
    out.with_suffix(".json").write_text(as_json(comparison) + "\n", "utf-8")


def run(order: Order, weights: Weights, today: date, out: Path | None) -> tuple[str, list[str]]:
    """The verdict and the limits that aren't kept; the report is written to `out`."""
    found = compared(order, weights, today)
    if out:
        written(found, out)
    return verdict(found[0]), list(found[0].broken)
