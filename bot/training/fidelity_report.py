"""The report of a comparison: an HTML file with its plots inside, JSON, and one line for a card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape

from bot.training.plots import page


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a comparison must keep to, None where it doesn't matter."""

    max_kl: float | None = None
    min_agreement: float | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`kind`: reader or words. `passages`: how many episodes or texts went through both. `examples`: what
    each wrote of a passage. `broken`: the limits it doesn't keep to, in words."""

    kind: str
    a: str
    b: str
    date: str
    passages: int
    figures: Mapping[str, float]
    examples: Sequence[tuple[str, str, str]] = ()
    broken: Sequence[str] = ()


# By kind, the figures that the limits are of ("": none).
LIMITED = {
    "words": ("KL, nats a token", "same likeliest token"),
    "reader": ("", "same five"),
    "minilm": ("", "same nearest sentence"),
    "whisper": ("", "words the same"),
}
UNITS = {"words": "texts", "reader": "episodes", "minilm": "sentences", "whisper": "files"}


def broken(kind: str, figures: Mapping[str, float], limits: Limits) -> list[str]:
    """Which limits aren't kept, in words."""
    kl, agreement = LIMITED[kind]
    out = []
    if limits.max_kl is not None and kl and figures[kl] > limits.max_kl:
        out.append(f"{kl} is {figures[kl]:.4f}, more than {limits.max_kl:g}")
    if limits.min_agreement is not None and figures[agreement] < limits.min_agreement:
        out.append(f"{agreement} is {figures[agreement]:.3f}, less than {limits.min_agreement:g}")
    return out


def verdict(it: Comparison) -> str:
    """One line for the model card."""
    said = SAID[it.kind](it.figures)
    return f"{it.b} against {it.a} ({it.passages} {UNITS[it.kind]}, {it.date}): {said}."


def _of_words(f: Mapping[str, float]) -> str:
    return (
        f"KL {f['KL, nats a token']:.4f} nats a token, likeliest token the same in "
        f"{f['same likeliest token']:.1%}, held-out loss {f['held-out loss A']:.3f} → "
        f"{f['held-out loss B']:.3f}, {_times(f, 'memory, MB')} the memory"
    )


def _of_readers(f: Mapping[str, float]) -> str:
    return (
        f"rank correlation {f['rank correlation of scores']:.4f}, {5 * f['same five']:.1f} of five the same, "
        f"nDCG@5 {f['nDCG@5 A']:.3f} → {f['nDCG@5 B']:.3f}, {_times(f, 'sentences a CPU second')} the speed"
    )


def _of_encoders(f: Mapping[str, float]) -> str:
    cosine = f["cosine of a sentence's two vectors"]
    return (
        f"cosine {cosine:.4f}, nearest sentence the same in {f['same nearest sentence']:.1%}, "
        f"{_times(f, 'sentences a CPU second')} the speed, {_times(f, 'memory, MB')} the memory"
    )


def _of_speech(f: Mapping[str, float]) -> str:
    return (
        f"{f['words the same']:.1%} of the words the same, word errors {f['word errors A']:.3f} → "
        f"{f['word errors B']:.3f}, {_times(f, 'CPU seconds a second')} the processor time, "
        f"{_times(f, 'memory, MB')} the memory"
    )


SAID: Mapping[str, Callable[[Mapping[str, float]], str]] = {
    "words": _of_words,
    "reader": _of_readers,
    "minilm": _of_encoders,
    "whisper": _of_speech,
}


def _times(figures: Mapping[str, float], name: str) -> str:
    of_a = figures[f"{name} A"]
    return f"{figures[f'{name} B'] / of_a:.2f} ×" if of_a > 0 else "an unknown multiple of"


def as_json(it: Comparison) -> str:
    return json.dumps({**asdict(it), "verdict": verdict(it)}, ensure_ascii=False, indent=1)


def as_html(it: Comparison, plots: Sequence[str]) -> str:
    """A page that needs nothing else, no script either."""
    title = f"{it.b} against {it.a}"
    failed = "".join(f"<br>Not kept: {escape(b)}." for b in it.broken)
    mark = " failed" if it.broken else ""
    body = [
        f"<h1>{escape(title)}</h1><p class='verdict{mark}'>{escape(verdict(it))}{failed}</p>",
        f"<table><tr><th><th>A<br>{escape(it.a)}<th>B<br>{escape(it.b)}</tr>",
        *(_row(*row) for row in rows(it.figures)),
        f"</table><div>{''.join(plots)}</div>",
        *_examples(it),
    ]
    return page(title, body)


def rows(figures: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    """Name, of A, of B; a figure of the pair stands once."""
    for name, value in figures.items():
        if name.endswith(" A") and f"{name[:-2]} B" in figures:
            yield name[:-2], _written(value), _written(figures[f"{name[:-2]} B"])
        elif not name.endswith(" B"):
            yield name, _written(value), ""


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _row(name: str, a: str, b: str) -> str:
    cells = f"<td colspan=2>{a}" if not b else f"<td>{a}<td>{b}"
    return f"<tr><td>{escape(name)}{cells}</tr>"


def _examples(it: Comparison) -> Iterator[str]:
    if it.examples:
        heard = it.kind == "whisper"
        told = "Audio that they hear differently" if heard else "The same passages, as each words them"
        yield f"<h2>{told}</h2>"
    for id, a, b in it.examples:
        yield f"<h3>{escape(id)}</h3><pre><b>A</b> {escape(a)}</pre><pre><b>B</b> {escape(b)}</pre>"
