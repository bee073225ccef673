"""What the generative writer learns from: evidence and the teacher's text, curated and disguised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bot.domain import Sentence
from bot.training.episodes import Annotated
from bot.write.gen_input import bare, shortened, shown, subjects
from bot.write.ground import unsupported
from bot.write.lexicon import content

SHOWS = {
    "backstage": "Backstage",
    "big-tent": "Big Tent",
    "bitcoin": "Bitcoin Transcripts",
    "brain-science": "Brain Science",
    "changelog--friends": "Changelog & Friends",
    "founders-talk": "Founders Talk",
    "go-time": "Go Time",
    "js-party": "JS Party",
    "practical-ai": "Practical AI",
    "pythonbytes": "Python Bytes",
    "request-for-commits": "Request for Commits",
    "ship-it": "Ship It!",
    "spotlight": "Spotlight",
    "talkpython": "Talk Python To Me",
    "the-changelog": "The Changelog",
}
MIN_COVER, MIN_COSINE = 0.35, 0.45
# At most so many pairs of a show for each pair of the average show: none teaches its own manner alone.
MAX_OF_SHOW = 2.5

Embed = Callable[[Sequence[str]], np.ndarray[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What the writer is shown and what it should write; `variant` says how the passage was disguised."""

    episode: str
    show: str
    kind: str
    about: tuple[str, ...]
    passage: str
    headline: str
    text: str
    variant: str = "plain"

    @property
    def key(self) -> str:
        return f"{self.episode}|{self.headline}|{self.variant}"


def pairs(episode: Annotated, variant: str = "plain") -> Iterator[Pair]:
    """The teacher's insights with their evidence; `variant`: plain, wide (neighbours too) or anonymous."""
    said = [
        Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text)
        for s in episode.transcript.segments
    ]
    about = tuple(subjects(said))
    for insight in episode.reference["insights"]:
        at = sorted(insight["evidence"])
        if variant == "wide":
            at = _with_neighbours(at, len(said), insight["rank"])
        pair = Pair(
            episode=episode.id,
            show=SHOWS.get(episode.show) or str(episode.reference.get("show") or episode.show),
            kind=insight.get("kind", "claim"),
            about=about,
            passage=shown(shortened([said[i] for i in at])),
            headline=insight["headline"].rstrip("."),
            text=insight["text"],
            variant=variant,
        )
        pair = _named(pair, " ".join([*(s.text for s in said), *{s.speaker for s in said}]))
        yield _anonymous(pair, [said[i] for i in at], insight["rank"]) if variant == "anonymous" else pair


def _named(pair: Pair, all_said: str) -> Pair:
    """With the names that the teacher took from elsewhere in the episode among what it is about."""
    lacking = [w for w in missing(pair) if not w[0].isdigit() and w in all_said.lower()]
    written = re.findall(r"[\w.+#&-]+", f"{pair.headline} {pair.text}")
    spelt = [next((w for w in written if w.lower().startswith(n.removesuffix("'s"))), "") for n in lacking]
    runs = " ".join(dict.fromkeys(n for n in spelt if n))
    return replace(pair, about=(*pair.about[: 6 - bool(runs)], *([runs] if runs else [])))


def _with_neighbours(at: Sequence[int], n: int, seed: int) -> list[int]:
    """One or two sentences more, as a reader that picks evidence by itself would take."""
    more = {at[seed % len(at)] + 1, at[(seed // 2) % len(at)] - 1}
    return sorted({*at, *(i for i in more if 0 <= i < n)})


def _anonymous(pair: Pair, said: Sequence[Sentence], seed: int) -> Pair:
    """Without speakers, half without case and punctuation; the plain pair where the text names one."""
    text = pair.text
    for name in {s.speaker for s in said if s.speaker}:
        text = re.sub(rf"(?:(?<=^)|(?<=[.!?] )){re.escape(name)}\b", "A speaker", text)
        text = re.sub(rf"(?<=s ){re.escape(name)}\b", "a speaker", text)  # "says", "argues", "as"
    passage = shown([replace(s, speaker="") for s in shortened(said)])
    made = replace(pair, passage=passage, text=text)
    if missing(made):
        return replace(pair, variant="plain")
    passage = bare(passage) if seed % 2 else passage
    return replace(pair, passage=passage, text=text)


def cover(written: str, said: str) -> float:
    """The share of content words that (or whose beginnings) are in what was said."""
    known = {w[:5] for w in content(said)}
    words = [w[:5] for w in content(written)]
    return sum(w in known for w in words) / max(1, len(words))


def curated(episodes: Sequence[Annotated], embed: Embed) -> tuple[list[Pair], Counter[str]]:
    """Plain pairs whose text their evidence carries, balanced over shows; and how many went for what."""
    gone: Counter[str] = Counter()
    kept = [p for e in episodes for p in pairs(e) if not _counts(gone, _numbers_and_cover(p))]
    close = _cosines(kept, embed)
    kept = [p for p, c in zip(kept, close, strict=True) if not _counts(gone, c < MIN_COSINE and "cosine")]
    return _balanced(kept, gone), gone


def _counts(gone: Counter[str], reason: str | bool) -> bool:
    if reason:
        gone[str(reason)] += 1
    return bool(reason)


_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DIGITS = {w: str(n) for n, w in enumerate(_UNITS, 2)} | {w: str(10 * n) for n, w in enumerate(_TENS, 2)}
_DIGITS |= {"hundred": "100", "thousand": "1000", "twice": "2"}
_SPELT = re.compile(rf"\b(?:{'|'.join(_DIGITS)})\b", re.I)


def missing(pair: Pair) -> tuple[str, ...]:
    """Numbers and names that the writer isn't shown; a capital that only opens a sentence makes no name."""
    written = f"{pair.headline}\n{pair.text}"
    opened = r"(?:^|(?<=[.!?:] )|(?<=[.!?]\" )|(?<=\n))\"?[A-Z]"
    plain = _in_digits(re.sub(opened, lambda m: m.group().lower(), written))
    speakers = pair.passage.replace(":", " ")
    return unsupported(plain, _in_digits(f"{speakers} {' '.join(pair.about)} {pair.show}"))


def _in_digits(text: str) -> str:
    return _SPELT.sub(lambda m: _DIGITS[m.group().lower()], text.replace("%", " percent"))


def _numbers_and_cover(pair: Pair) -> str:
    if missing(pair):
        return "unsupported"
    shown_all = f"{pair.passage} {' '.join(pair.about)}"
    return "cover" if cover(f"{pair.headline} {pair.text}", shown_all) < MIN_COVER else ""


def _cosines(kept: Sequence[Pair], embed: Embed) -> list[float]:
    written, said = embed([p.text for p in kept]), embed([p.passage for p in kept])
    return [float(a @ b) for a, b in zip(written, said, strict=True)]


def _balanced(kept: Sequence[Pair], gone: Counter[str]) -> list[Pair]:
    """At most twice the average show's pairs of one show, its best-ranked first."""
    of_show = Counter(p.show for p in kept)
    most = MAX_OF_SHOW * len(kept) / max(1, len(of_show))
    seen: Counter[str] = Counter()
    out = []
    for pair in kept:
        seen[pair.show] += 1
        if seen[pair.show] <= most:
            out.append(pair)
    gone["balance"] = len(kept) - len(out)
    return out
