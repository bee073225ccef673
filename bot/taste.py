"""What a channel's ratings say of its taste: a small model that can be told in words, purely.

For each show, speaker, word and for figures it asks how often insights with it were found useful, each person
counting at most once a thing, and shrinks the answer towards "no difference" while there is little to go by.
The sum of what applies to an insight is a factor on its score between 1 / MOST and MOST.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot import claims
from bot.domain import Leaning, Pick, Rated

Kind = Literal["show", "speaker", "word", "figures"]
Thing = tuple[Kind, str]

# What taste may do at most: less than a preferred topic (1.3), which somebody asked for in so many words.
MOST = 1.25
# Ratings of one person on one thing that count half of what endless ones would.
DOUBT = 4.0
# People who agree count more, up to the whole of it: one alone has half a say in the channel's taste.
ALONE = 1.0
# How much a thing can weigh at most: a show says more of what people want than a word does.
WEIGHTS: Mapping[Kind, float] = {"show": 0.25, "speaker": 0.15, "word": 0.15, "figures": 0.1}
# Words count from so many ratings on, so that one insight doesn't make a taste of each of its words.
RATINGS_OF_A_WORD = 3
TOLD = 0.01  # a leaning below this changes nothing that anybody would notice


@dataclass(frozen=True, kw_only=True)
class Taste:
    """What has been learned, strongest first; `ratings` by `people` went into it."""

    leanings: tuple[Leaning, ...] = ()
    ratings: int = 0
    people: int = 0
    _by_thing: Mapping[Thing, Leaning] = field(default_factory=dict, repr=False, compare=False)

    def of(self, pick: Pick) -> tuple[float, tuple[Leaning, ...]]:
        """The factor on its score, and the leanings that make it, strongest first."""
        found = [self._by_thing[thing] for thing in things(pick) if thing in self._by_thing]
        # Of many words the mean of the three strongest: a long text is not liked more for being long.
        of_words = sorted((x for x in found if x.kind == "word"), key=lambda x: -abs(x.weight))[:3]
        others = [x for x in found if x.kind != "word"]
        total = sum(x.weight for x in others) + sum(x.weight for x in of_words) / max(1, len(of_words))
        bound = math.log(MOST)
        factor = math.exp(max(-bound, min(bound, total)))
        return factor, tuple(sorted((*others, *of_words), key=lambda x: -abs(x.weight)))


def learn(rated: Iterable[Rated]) -> Taste:
    """A person's later rating of an insight has replaced the earlier one already (`store.rate`)."""
    every = list(rated)
    votes: dict[Thing, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in every:
        for thing in things(one.pick):
            votes[thing][one.rating.user].append(one.rating.useful)
    usual = _mean([one.rating.useful for one in every])
    found = [
        _leaning(thing, by_person, usual) for thing, by_person in votes.items() if _tells(thing, by_person)
    ]
    told = sorted((x for x in found if abs(x.weight) >= TOLD), key=lambda x: (-abs(x.weight), x.kind, x.name))
    people = {one.rating.user for one in every}
    by_thing = {(x.kind, x.name): x for x in told}
    return Taste(leanings=tuple(told), ratings=len(every), people=len(people), _by_thing=by_thing)


def things(pick: Pick) -> list[Thing]:
    """What may be liked of it."""
    insight = pick.insight
    found: list[Thing] = [("word", stem) for stem in sorted(claims.subjects(insight))]
    found += [("show", pick.episode.show)] if pick.episode.show else []
    found += [("speaker", insight.speaker)] if insight.speaker else []
    found += [("figures", "")] if claims.numbers(f"{insight.headline} {insight.text}") else []
    return found


def _tells(thing: Thing, by_person: Mapping[str, Sequence[bool]]) -> bool:
    return thing[0] != "word" or sum(map(len, by_person.values())) >= RATINGS_OF_A_WORD


def _leaning(thing: Thing, by_person: Mapping[str, Sequence[bool]], usual: float) -> Leaning:
    """Each person's mean verdict, less the channel's own, shrunk by how many ratings it rests on; of the
    persons the mean, less where it is one alone."""
    kind, name = thing
    # Half of it against what is usual here: who finds all useful has told nothing of a show.
    verdicts = [
        (_mean(said) - (0.5 + usual) / 2) * len(said) / (len(said) + DOUBT) for said in by_person.values()
    ]
    sure = len(verdicts) / (len(verdicts) + ALONE)
    every = [useful for said in by_person.values() for useful in said]
    return Leaning(
        kind=kind,
        name=name,
        weight=round(2 * WEIGHTS[kind] * _mean(verdicts) * sure, 4),
        useful=sum(every),
        useless=len(every) - sum(every),
        people=len(by_person),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def worded(leaning: Leaning) -> str:
    """What it says, for people: "Tree Talk (4 of 5 ratings useful, by 2 people)"."""
    names = {
        "show": leaning.name,
        "speaker": f"what {leaning.name} says",
        "word": f"“{leaning.name}…”" if len(leaning.name) == 6 else f"“{leaning.name}”",
        "figures": "insights with figures",
    }
    every = leaning.useful + leaning.useless
    by = "one person" if leaning.people == 1 else f"{leaning.people} people"
    ratings = "rating" if every == 1 else "ratings"
    return f"{names[leaning.kind]} ({leaning.useful} of {every} {ratings} useful, by {by})"
