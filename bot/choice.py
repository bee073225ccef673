"""Which insights a channel gets today, purely: the best, each once, varied, near to its taste; why each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from bot.claims import Claims, likeness, subjects, words
from bot.domain import Follow, Had, Insight, Pick, Why
from bot.taste import Taste

# On validation episodes insights above this land on the annotators' half of the time, whatever their score;
# below it a third of the time (docs/experiments.md): better four good ones than five.
MIN_SCORE = 0.15
PER_EPISODE = 2
# What a preferred topic is worth: enough to win over an equal, not over a gem.
PREFERRED = 1.3
# What the same first words as an earlier one cost: enough to decide between two that are about as good.
SAME_OPENING = 0.97
# Share of content words in common at which one is too like another to stand beside it, whatever it claims.
TOO_LIKE = 0.5
# From this factor on an insight counts as one that the channel's ratings favour.
FAVOURED = 1.02
# One that isn't favoured is good enough for the last place from this share of the score it takes it from.
GOOD_ENOUGH = 0.5


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A pick with what is known of it before anything is chosen."""

    pick: Pick
    why: Why

    @property
    def episode_id(self) -> int:
        return self.pick.insight.episode_id

    @property
    def worth(self) -> float:
        return self.why.score * self.why.preferred * self.why.taste


def choose(
    backlog: Sequence[Pick],
    had: Sequence[Had],
    count: int,
    *,
    prefer: Sequence[str] = (),
    mute: Sequence[str] = (),
    taste: Taste | None = None,
) -> tuple[Pick, ...]:
    """The best `count` of `backlog`, best first; topics in `prefer` count more, those in `mute` not at all.

    Greedy by score, weighed by the channel's taste, less up to a third for likeness to those already chosen
    (maximal marginal relevance, Carbonell & Goldstein 1998). At most two per episode as long as other
    episodes have something; none that the channel has had, none below MIN_SCORE; of those that say the same,
    the best, with the others beside it. Where all would be what the ratings favour, the last one isn't.
    """
    claims = Claims([p.insight for p in backlog] + [h.insight for h in had])
    told = [(subjects(h.insight), h) for h in had]
    good = [
        _weighed(pick, prefer, taste or Taste())
        for pick in backlog
        if pick.insight.score >= MIN_SCORE
        and not _speaks_of(pick, mute)
        and not any(claims.same(pick.insight, h.insight) for h in claims.near(pick.insight, told))
    ]
    chosen = _pick(good, count, PER_EPISODE, (), claims)
    chosen = chosen if len(chosen) >= count else _pick(good, count, count, chosen, claims)
    chosen = _with_one_from_outside(chosen, good, claims)
    finished = _sources(chosen, good, claims)
    return tuple(
        replace(pick, follows=_followed(pick.insight, claims.near(pick.insight, told), claims))
        for pick in finished
    )


def _weighed(pick: Pick, prefer: Sequence[str], taste: Taste) -> _Candidate:
    topics = tuple(topic for topic in prefer if _speaks_of(pick, [topic]))
    factor, leanings = taste.of(pick)
    why = Why(
        score=pick.insight.score,
        preferred=PREFERRED if topics else 1.0,
        topics=topics,
        taste=factor,
        leanings=leanings,
    )
    return _Candidate(pick=pick, why=why)


def _speaks_of(pick: Pick, topics: Sequence[str]) -> bool:
    """Whether it says one of the topics, as words of their own ("art" is not in "start")."""
    said = searchable(pick) if topics else ""
    return any(re.search(rf"\b{re.escape(topic.casefold())}\b", said) for topic in topics)


def searchable(pick: Pick) -> str:
    """All that an insight and its source say, case-folded."""
    insight, episode = pick.insight, pick.episode
    return " ".join((insight.headline, insight.text, insight.quote, episode.show, episode.title)).casefold()


_Chosen = tuple[_Candidate, ...]


def _pick(
    good: Sequence[_Candidate], count: int, per_episode: int, chosen: _Chosen, claims: Claims
) -> _Chosen:
    while len(chosen) < count:
        best = _best(good, per_episode, chosen, claims)
        if best is None:
            break
        chosen = (*chosen, best)
    return chosen


def _best(
    good: Sequence[_Candidate],
    per_episode: int,
    chosen: _Chosen,
    claims: Claims,
    may: Callable[[_Candidate], bool] = lambda candidate: True,
) -> _Candidate | None:
    """The one to take next, with what variety left of it; None: nothing is left."""
    taken = Counter(c.episode_id for c in chosen)
    ids = {c.pick.insight.id for c in chosen}
    said = [words(c.pick.insight) for c in chosen]
    openings = {_opening(c.pick.insight) for c in chosen}
    ranked = [
        (c.worth * _variety(c.pick.insight, said, openings), -n)
        for n, c in enumerate(good)
        if c.pick.insight.id not in ids
        and taken[c.episode_id] < per_episode
        and may(c)
        and _likest(words(c.pick.insight), said) < TOO_LIKE
        and not any(claims.same(c.pick.insight, other.pick.insight) for other in chosen)
    ]
    if not ranked:
        return None
    best = good[-max(ranked)[1]]
    return replace(best, why=replace(best.why, variety=_variety(best.pick.insight, said, openings)))


def _variety(insight: Insight, said: Sequence[frozenset[str]], openings: Collection[str]) -> float:
    opening = SAME_OPENING if _opening(insight) in openings else 1.0
    return (1 - _likest(words(insight), said) / 1.5) * opening


def _opening(insight: Insight) -> str:
    return " ".join(insight.text.lower().split()[:2])


def _likest(one: frozenset[str], others: Sequence[frozenset[str]]) -> float:
    return max((likeness(one, other) for other in others), default=0.0)


def _with_one_from_outside(chosen: _Chosen, good: Sequence[_Candidate], claims: Claims) -> _Chosen:
    """Where ratings favour all of them, the last one gives way to the best of another show, if all are of
    one, else to the best that isn't favoured, if there is one good enough: a taste that only ever sees what
    it likes can't change, and a channel's people are not all alike."""
    if len(chosen) < 2 or any(c.why.taste < FAVOURED for c in chosen):
        return chosen
    rest, enough = chosen[:-1], GOOD_ENOUGH * chosen[-1].why.score
    shows = {c.pick.episode.show for c in chosen}

    def is_outside(candidate: _Candidate) -> bool:
        other = candidate.why.taste < FAVOURED if len(shows) > 1 else candidate.pick.episode.show not in shows
        return other and candidate.why.score >= enough

    best = _best(good, PER_EPISODE, rest, claims, may=is_outside)
    return (*rest, replace(best, why=replace(best.why, outside=True))) if best else chosen


def _sources(chosen: _Chosen, good: Sequence[_Candidate], claims: Claims) -> list[Pick]:
    """Each with those of other episodes that say the same, best first; of one episode, its best."""
    ids = {c.pick.insight.id for c in chosen}
    others = sorted(
        (c.pick for c in good if c.pick.insight.id not in ids), key=lambda p: (-p.insight.score, p.insight.id)
    )
    finished = []
    for one in chosen:
        seen, also = {one.episode_id}, []
        for other in others:
            episode_id = other.insight.episode_id
            if episode_id not in seen and claims.same(one.pick.insight, other.insight):
                seen.add(episode_id)
                also.append(other)
        others = [other for other in others if other not in also]
        finished.append(replace(one.pick, also=tuple(also), why=one.why))
    return finished


def _followed(insight: Insight, had: Sequence[Had], claims: Claims) -> Follow | None:
    """The nearest of what the channel has had of other episodes that it follows up on."""
    near = [
        (claims.kinship(insight, h.insight), -n)
        for n, h in enumerate(had)
        if h.insight.episode_id != insight.episode_id and claims.follows(insight, h.insight)
    ]
    if not near:
        return None
    found = had[-max(near)[1]]
    return Follow(
        insight_id=found.insight.id,
        headline=found.insight.headline,
        digest_id=found.digest_id,
        local_date=found.local_date,
    )
