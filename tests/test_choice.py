"""What is said twice, what follows up, and what ratings do to the choice."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import taste
from bot.choice import choose
from bot.claims import contradict
from bot.digest import item
from bot.domain import Episode, Had, Insight, Pick, Rated, Rating
from bot.taste import learn

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BANK = "The central bank {} its rate by {} points in spring, to cool prices that grew with wages and rents."
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def insight(number: int, headline: str, text: str, score: float = 0.5, episode: int = 0) -> Insight:
    return Insight(
        id=number, episode_id=episode or number, headline=headline, text=text, quote=text, score=score
    )


def pick(made: Insight, show: str = "Show") -> Pick:
    episode = Episode(id=made.episode_id, title=f"Episode {made.episode_id}", show=show)
    return Pick(insight=made, episode=episode)


KRUEGER = insight(
    1,
    "Throw random exceptions in your own code and watch",
    "Code that works when everything works is the easiest to write; it is always an edge case in the error "
    "handling that goes wrong. He tests the error path as much as the functioning one, and throws random "
    "exceptions in his own code to see what happens.",
    0.6,
)
AGAIN = insight(
    2,
    "Throw random exceptions in code to test the error path",
    "Reliability fails in error handling, because code that works when everything works is the easy part. "
    "While building, drop random thrown exceptions into your own code to see what happens in the error path.",
    0.5,
)


def test_what_two_episodes_say_is_posted_once_with_both() -> None:
    (chosen,) = choose([pick(AGAIN), pick(KRUEGER)], (), 5)
    assert (chosen.insight.id, [other.insight.id for other in chosen.also]) == (1, [2])
    shown = item(replace(chosen, also=chosen.also * 5), 1)
    assert [place.source for place in shown.also] == ["Show · Episode 2"] * 3 and shown.more == 2


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("Rates rise by 25 points", BANK.format("raised", 25)),
        ("Rates fall by 50 points", BANK.format("lowered", 50)),
        ("Rates do not rise by 50 points", BANK.format("never raised", 50)),
    ],
)
def test_the_same_words_with_another_number_direction_or_denial_are_another_claim(
    headline: str, text: str
) -> None:
    before = insight(1, "Rates rise by 50 points", BANK.format("raised", 50))
    assert contradict(before, insight(2, headline, text))
    assert not contradict(before, replace(before, id=3))


def test_news_on_what_was_posted_says_so_and_a_repetition_is_left_out() -> None:
    before = insight(1, "Rates rise by 50 points", BANK.format("raised", 50))
    had = [Had(insight=before, digest_id=7, local_date=date(2026, 11, 20))]
    later = insight(2, "Rates rise by 25 points", BANK.format("raised", 25))
    (chosen,) = choose([pick(later), pick(replace(before, id=3, episode_id=3))], had, 5)
    assert chosen.follows is not None
    assert (chosen.insight.id, chosen.follows.insight_id, chosen.follows.digest_id) == (2, 1, 7)
    whens = [item(chosen, 1, None, date(2026, 11, day)).follows for day in (20, 21, 24, 28)]
    assert [when and when.when for when in whens] == ["today’s", "yesterday’s", "Friday’s", "20 November’s"]
    elms = insight(4, "Elms shade streets", "Old elms cool a street of the central bank in spring.")
    assert choose([pick(elms)], had, 5)[0].follows is None


def rated(picks: list[Pick], user: str, useful: bool) -> list[Rated]:
    return [
        Rated(
            rating=Rating(channel_id=1, insight_id=p.insight.id, user=user, useful=useful, rated_at=NOW),
            pick=p,
        )
        for p in picks
    ]


def many(show: str, first: int, count: int, score: float, seed: int = 0) -> list[Pick]:
    """Insights on different things, an episode each."""
    chance = random.Random(seed + first)
    made = []
    for n in range(first, first + count):
        words = ["".join(chance.choices(LETTERS, k=6)) for _ in range(12)]
        made.append(pick(insight(n, " ".join(words[:4]), " ".join(words), score - n / 1_000_000), show))
    return made


def test_a_few_ratings_change_almost_nothing_and_many_stay_bounded() -> None:
    liked = many("Liked", 0, 40, 0.5)
    (new,) = many("Liked", 900, 1, 0.5)
    one, _ = learn(rated(liked[:1], "ann", True)).of(new)
    assert 1 < one < 1.02
    everybody = [r for user in "abcdefgh" for r in rated(liked, user, True)]
    disliked = [r for user in "abcdefgh" for r in rated(many("Other", 500, 40, 0.5), user, False)]
    most, why = learn([*everybody, *disliked]).of(new)
    assert 1.05 < most <= taste.MOST and why[0].kind == "show"


def test_one_person_does_not_outvote_two() -> None:
    shows = {"A": many("A", 0, 30, 0.5), "B": many("B", 100, 30, 0.5)}
    loud = rated(shows["A"], "loud", True) + rated(shows["B"], "loud", False)
    two = [
        r
        for user in ("ann", "bob")
        for r in rated(shows["A"][:8], user, False) + rated(shows["B"][:8], user, True)
    ]
    learned = learn(loud + two)
    weights = {x.name: x.weight for x in learned.leanings if x.kind == "show"}
    assert weights["B"] > 0 > weights["A"]
    assert len(loud) > len(two)


def test_muted_stays_muted_however_liked() -> None:
    liked = many("Liked", 0, 30, 0.5)
    learned = learn([r for user in "abc" for r in rated(liked, user, True)])
    assert choose(liked, (), 5, mute=("liked",), taste=learned) == ()


@settings(max_examples=60, deadline=None)
@given(
    people=st.integers(1, 5),
    others=st.integers(1, 6),
    count=st.integers(2, 6),
    other_score=st.floats(0.3, 0.9),
    seed=st.integers(0, 1000),
)
def test_a_show_that_is_rated_up_thirty_times_does_not_take_over(
    people: int, others: int, count: int, other_score: float, seed: int
) -> None:
    liked = many("Liked", 0, 30, 0.55, seed)
    learned = learn([r for n in range(people) for r in rated(liked, f"u{n}", True)])
    backlog = [*many("Liked", 1000, 10, 0.55, seed), *many("Other", 2000, others, other_score, seed)]
    chosen = choose(backlog, (), count, taste=learned)
    assert "Other" in {p.episode.show for p in chosen}
    assert len(chosen) == count and all(p.why and 1 / taste.MOST <= p.why.taste <= taste.MOST for p in chosen)
    assert len({p.insight.id for p in chosen}) == count


def test_the_reasons_are_those_of_the_choice() -> None:
    liked = many("Liked", 0, 30, 0.5)
    learned = learn([r for user in "abc" for r in rated(liked, user, True)])
    backlog = [*many("Liked", 1000, 3, 0.5), *many("Other", 2000, 1, 0.4)]
    chosen = choose(backlog, (), 3, prefer=("other",), taste=learned)
    for each in chosen:
        assert each.why is not None and each.why.score == each.insight.score
        assert (each.why.preferred > 1) == (each.episode.show == "Other") == (each.why.topics == ("other",))
    assert all(p.why and p.why.leanings for p in chosen if p.episode.show == "Liked")


def test_speech_that_only_shares_what_all_say_is_not_kin() -> None:
    """As the extractive writer words two episodes: near in numbers, since both are short."""
    one = insight(
        1,
        "Zero, and it's inspired by T5, this transformer-based encoder-decoder",
        "It came out from Google. That's been around for some time, so that's why they called it, T0, was "
        "partially it's the first model that they came out with, so zero, and it's inspired by T5, this "
        "transformer-based encoder-decoder.",
    )
    other = insight(
        2,
        "When you combine the encoder/decoder, they're calling that a Transformer",
        "One is an encoder that's reading the text input, and one's a decoder that is producing the "
        "prediction for whatever task you're applying it to. When you combine the encoder/decoder, they're "
        "calling that a Transformer. Everything you said was accurate.",
    )
    assert [p.also for p in choose([pick(one), pick(other)], (), 5)] == [(), ()]
    (later,) = choose([pick(one)], [Had(insight=other, digest_id=1, local_date=date(2026, 11, 20))], 5)
    assert later.follows is None
