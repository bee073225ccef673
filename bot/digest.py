"""The digest, purely: which insights a channel gets today, and how it is worded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from bot.domain import Digest, Insight, Pick, hhmmss
from bot.views import Button, Heading, Item, Part, Text, View

# On validation episodes insights above this land on the annotators' half of the time, whatever their score;
# below it a third of the time (docs/experiments.md): better four good ones than five.
MIN_SCORE = 0.15
PER_EPISODE = 2
# Share of content words in common at which two insights say the same.
SAME = 0.5
_STOP = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be because been but by can could did do does for from had has have he her his
        how i if in into is it its just like more most not of on one or our out over she so some than that
        the their them then there these they this those to up us was we were what when where which who why
        will with would you your""",
    )
)


def choose(backlog: Sequence[Pick], had: Sequence[Insight], count: int) -> tuple[Pick, ...]:
    """The best `count` of `backlog`, best first.

    Greedy by score, less up to a third for likeness to those already chosen (maximal marginal relevance,
    Carbonell & Goldstein 1998). At most two per episode as long as other episodes have something; none
    that the channel has had, none said twice, none below MIN_SCORE.
    """
    seen = [_words(insight) for insight in had]
    good = [p for p in backlog if p.insight.score >= MIN_SCORE and not _like_any(_words(p.insight), seen)]
    chosen = _pick(good, count, PER_EPISODE, ())
    return chosen if len(chosen) >= count else _pick(good, count, count, chosen)


def _pick(good: Sequence[Pick], count: int, per_episode: int, chosen: tuple[Pick, ...]) -> tuple[Pick, ...]:
    while len(chosen) < count:
        taken = Counter(p.insight.episode_id for p in chosen)
        words = [_words(p.insight) for p in chosen]
        ranked = [
            (p.insight.score * (1 - _likest(_words(p.insight), words) / 1.5), -n, p)
            for n, p in enumerate(good)
            if p not in chosen
            and taken[p.insight.episode_id] < per_episode
            and not _like_any(_words(p.insight), words)
        ]
        if not ranked:
            break
        chosen = (*chosen, max(ranked, key=lambda row: row[:2])[2])
    return chosen


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared content words over those of the shorter text, 0..1 (overlap coefficient)."""
    return len(one & other) / max(1, min(len(one), len(other)))


def _words(insight: Insight) -> frozenset[str]:
    # Cutting words to six letters makes "price", "prices" and "pricing" one: a stemmer's work at no cost.
    words = re.findall(r"\w+", f"{insight.headline} {insight.text}".lower())
    return frozenset(word[:6] for word in words if word not in _STOP and len(word) > 2)


def _likest(words: frozenset[str], others: Sequence[frozenset[str]]) -> float:
    return max((likeness(words, other) for other in others), default=0.0)


def _like_any(words: frozenset[str], others: Sequence[frozenset[str]]) -> bool:
    return _likest(words, others) >= SAME


def view(digest: Digest) -> View:
    """One message: what was scanned, the insights, a button each to dig, and who made them."""
    if not digest.picks:
        return View(
            parts=(Text(text=f"{_scanned(digest)} Nothing worth a post today.", quiet=True),), private=False
        )
    title = "The one thing" if len(digest.picks) == 1 else f"The {_number(len(digest.picks))} things"
    parts: list[Part] = [
        Heading(text=f"{title} worth knowing · {long_date(digest.local_date)}"),
        Text(text=_scanned(digest), quiet=True),
        *(item(pick, number) for number, pick in enumerate(digest.picks, 1)),
        *(Button(label=f"Dig into {n}", command=f"/dig {n}") for n in range(1, len(digest.picks) + 1)),
        Text(text=made_by(digest.picks), quiet=True),
    ]
    return View(parts=tuple(parts), private=False)


def item(pick: Pick, number: int) -> Item:
    insight, episode = pick.insight, pick.episode
    where = " · ".join(part for part in (episode.show, episode.title, hhmmss(insight.start)) if part)
    return Item(
        number=number,
        headline=insight.headline,
        text=insight.text,
        quote=insight.quote,
        by=insight.speaker,
        source=where,
        link=link(pick),
    )


def link(pick: Pick) -> str:
    """The audio at that second (Media Fragments URI, W3C 2012), else the episode's page, else "".

    A private feed's audio address holds a secret, so it is never linked.
    """
    insight, episode = pick.insight, pick.episode
    if episode.enclosure and not episode.enclosure.sealed and insight.start is not None:
        return f"{episode.enclosure.url}#t={int(insight.start)}"
    return episode.link


def made_by(picks: Sequence[Pick]) -> str:
    """Which models are being read, in one line."""
    made = [pick.insight.provenance for pick in picks]
    steps = (
        ("Transcripts: ", (p.transcript for p in made)),
        ("read by ", (p.reader for p in made)),
        ("written by ", (p.writer for p in made)),
    )
    return "; ".join(start + ", ".join(names) for start, step in steps if (names := _distinct(step))) + "."


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def long_date(day: date) -> str:
    """ "Tuesday 24 November"."""
    return f"{day:%A} {day.day} {day:%B}"


def _scanned(digest: Digest) -> str:
    episodes = f"{digest.episodes_scanned} new episode" + ("" if digest.episodes_scanned == 1 else "s")
    minutes = round(digest.hours_scanned * 60)
    length = f"{digest.hours_scanned:.1f} hours" if minutes >= 90 else f"{minutes} minutes"
    return f"Scanned {episodes}, {length} of talk."


def _number(count: int) -> str:
    names = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return names[count] if count < len(names) else str(count)
