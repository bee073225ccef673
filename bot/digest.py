"""The digest, purely: which insights a channel gets today, and how it is worded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from bot.domain import Digest, Insight, Pick, hhmmss
from bot.ports import Pages
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


# What a preferred topic is worth: enough to win over an equal, not over a gem.
PREFERRED = 1.3
# What the same first words as an earlier one cost: enough to decide between two that are about as good.
SAME_OPENING = 0.97


def choose(
    backlog: Sequence[Pick],
    had: Sequence[Insight],
    count: int,
    *,
    prefer: Sequence[str] = (),
    mute: Sequence[str] = (),
) -> tuple[Pick, ...]:
    """The best `count` of `backlog`, best first; topics in `prefer` count more, those in `mute` not at all.

    Greedy by score, less up to a third for likeness to those already chosen (maximal marginal relevance,
    Carbonell & Goldstein 1998). At most two per episode as long as other episodes have something; none
    that the channel has had, none said twice, none below MIN_SCORE.
    """
    seen = [words(insight) for insight in had]
    good = [
        _weighed(p, prefer)
        for p in backlog
        if p.insight.score >= MIN_SCORE and not _speaks_of(p, mute) and not _like_any(words(p.insight), seen)
    ]
    chosen = _pick(good, count, PER_EPISODE, ())
    chosen = chosen if len(chosen) >= count else _pick(good, count, count, chosen)
    own = {pick.insight.id: pick for pick in backlog}
    return tuple(own.get(pick.insight.id, pick) for pick in chosen)


def _weighed(pick: Pick, prefer: Sequence[str]) -> Pick:
    if not _speaks_of(pick, prefer):
        return pick
    return replace(pick, insight=replace(pick.insight, score=pick.insight.score * PREFERRED))


def _speaks_of(pick: Pick, topics: Sequence[str]) -> bool:
    """Whether it says one of the topics, as words of their own ("art" is not in "start")."""
    said = searchable(pick) if topics else ""
    return any(re.search(rf"\b{re.escape(topic.casefold())}\b", said) for topic in topics)


def searchable(pick: Pick) -> str:
    """All that an insight and its source say, case-folded."""
    insight, episode = pick.insight, pick.episode
    return " ".join((insight.headline, insight.text, insight.quote, episode.show, episode.title)).casefold()


def _pick(good: Sequence[Pick], count: int, per_episode: int, chosen: tuple[Pick, ...]) -> tuple[Pick, ...]:
    while len(chosen) < count:
        taken = Counter(p.insight.episode_id for p in chosen)
        said = [words(p.insight) for p in chosen]
        openings = {_opening(p.insight) for p in chosen}
        ranked = [
            (_worth(p.insight, said, openings), -n, p)
            for n, p in enumerate(good)
            if p not in chosen
            and taken[p.insight.episode_id] < per_episode
            and not _like_any(words(p.insight), said)
        ]
        if not ranked:
            break
        chosen = (*chosen, max(ranked, key=lambda row: row[:2])[2])
    return chosen


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared content words over those of the shorter text, 0..1 (overlap coefficient)."""
    return len(one & other) / max(1, min(len(one), len(other)))


def words(insight: Insight) -> frozenset[str]:
    """The content words of an insight, each cut to its stem."""
    return stems(f"{insight.headline} {insight.text}")


@lru_cache(maxsize=4096)  # a thousand channels choose from the same insights, each compared with each
def stems(text: str) -> frozenset[str]:
    """The content words of a text, each cut to its stem."""
    # Cutting words to six letters makes "price", "prices" and "pricing" one: a stemmer's work at no cost.
    said = re.findall(r"\w+", text.lower())
    return frozenset(word[:6] for word in said if word not in _STOP and len(word) > 2)


def _worth(insight: Insight, said: Sequence[frozenset[str]], openings: Collection[str]) -> float:
    variety = SAME_OPENING if _opening(insight) in openings else 1.0
    return insight.score * (1 - _likest(words(insight), said) / 1.5) * variety


def _opening(insight: Insight) -> str:
    return " ".join(insight.text.lower().split()[:2])


def _likest(one: frozenset[str], others: Sequence[frozenset[str]]) -> float:
    return max((likeness(one, other) for other in others), default=0.0)


def _like_any(one: frozenset[str], others: Sequence[frozenset[str]]) -> bool:
    return _likest(one, others) >= SAME


def view(digest: Digest, pages: Pages | None = None, *, clips: bool = False) -> View:
    """One message: what was scanned, the insights with a button each to dig and to rate, who made them.

    Links go to our own `pages` where there are any, else to the publisher's. With `clips` each one that has
    audio has a button to hear it.
    """
    if not digest.picks:
        nothing = Text(text=f"{_scanned(digest)} Nothing worth a post today.", quiet=True)
        return View(parts=(nothing,), private=False, digest_id=digest.id)
    title = "The one thing" if len(digest.picks) == 1 else f"The {_number(len(digest.picks))} things"
    parts: list[Part] = [
        Heading(text=f"{title} worth knowing · {long_date(digest.local_date)}"),
        Text(text=_scanned(digest), quiet=True),
        *(item(pick, number, pages) for number, pick in enumerate(digest.picks, 1)),
        *(
            button
            for n, pick in enumerate(digest.picks, 1)
            for button in _buttons(n, clips and audible(pick))
        ),
        Text(text=made_by(digest.picks), quiet=True),
    ]
    return View(parts=tuple(parts), private=False, digest_id=digest.id)


def audible(pick: Pick) -> bool:
    return pick.episode.enclosure is not None


def _buttons(number: int, heard: bool) -> tuple[Button, ...]:
    hear = Button(label="▶ Hear it", command=f"/hear {number}", item=number, icon="▶️")
    return (
        Button(label=f"Dig into {number}", command=f"/dig {number}", item=number),
        *((hear,) if heard else ()),
        Button(label="👍 Useful", command=f"/rate {number} useful", item=number, minor=True),
        Button(label="👎 Not useful", command=f"/rate {number} useless", item=number, minor=True),
    )


def item(pick: Pick, number: int, pages: Pages | None = None) -> Item:
    """Both links lead to our own page at that moment where there is one: it plays from there."""
    insight, episode = pick.insight, pick.episode
    ours = page_link(pick, pages) if pages else ""
    return Item(
        number=number,
        headline=insight.headline,
        text=insight.text,
        quote=insight.quote,
        by=insight.speaker,
        source=" · ".join(filter(None, (episode.show, episode.title))),
        moment=hhmmss(insight.start),
        page=ours or web(episode.link),
        link=ours or moment_link(pick),
    )


def page_link(pick: Pick, pages: Pages) -> str:
    """Our own page of the episode at what the insight rests on; "" where there is none."""
    return pages.link("episode", pick.episode.id, fragment(pick.insight))


def fragment(insight: Insight) -> str:
    """What the insight's place on its episode's page is called."""
    return f"i{insight.id}" if insight.start is None else f"t={int(insight.start)}"


def moment_link(pick: Pick) -> str:
    """The audio at that second (Media Fragments URI, W3C 2012), else "".

    A private feed's audio address holds a secret, so it is never linked.
    """
    insight, enclosure = pick.insight, pick.episode.enclosure
    if enclosure is None or enclosure.sealed or insight.start is None or not web(enclosure.url):
        return ""
    return f"{enclosure.url.partition('#')[0]}#t={int(insight.start)}"


def web(url: str) -> str:
    """The address if it is one for a browser: feeds may name any scheme."""
    return url if url.lower().startswith(("http://", "https://")) else ""


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
