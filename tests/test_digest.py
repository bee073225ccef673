"""Choosing five: best, diverse, at most two an episode, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.choice import choose
from bot.digest import item, made_by, moment_link, view
from bot.domain import Digest, Enclosure, Episode, Had, Insight, Pick, Provenance
from bot.views import Item, plain

CLAIMS = (
    (
        "Bread prices follow wages, not flour",
        "Labour is two thirds of the cost of a sourdough loaf at this bakery.",
    ),
    (
        "Shade trees cool streets by four degrees",
        "Evaporation from leaves takes heat out of asphalt canyons at noon.",
    ),
    (
        "Old elms beat young oaks for decades",
        "Crown volume grows slowly so saplings deliver little before 2050.",
    ),
    ("Sleep debt cannot be repaid on Sundays", "Attention stays low for days after a week of short nights."),
    ("Naps before three help memory", "Twenty minutes consolidate what was learnt during a morning lecture."),
    ("Queues sell croissants", "Customers who wait buy a third more pastry than those served at once."),
    (
        "Light bulbs matter less than bedtime",
        "Phone screens delay melatonin by mere minutes in recent trials.",
    ),
)


def pick(n: int, episode: int, score: float, claim: int | None = None) -> Pick:
    headline, text = CLAIMS[n if claim is None else claim]
    insight = Insight(id=n, episode_id=episode, headline=headline, text=text, quote=text, score=score)
    return Pick(insight=insight, episode=Episode(id=episode, title=f"Episode {episode}", show="Show"))


def had(pick: Pick, day: date = date(2026, 11, 20)) -> Had:
    return Had(insight=pick.insight, digest_id=3, local_date=day)


def ids(picks: tuple[Pick, ...]) -> list[int]:
    return [p.insight.id for p in picks]


def test_best_first_and_no_more_than_asked() -> None:
    assert ids(choose([pick(n, n, 0.9 - n / 10) for n in range(6)], (), 5)) == [0, 1, 2, 3, 4]


def test_two_an_episode_while_others_have_something() -> None:
    backlog = [pick(n, 1, 0.9) for n in range(4)] + [pick(n, n, 0.5) for n in (4, 5, 6)]
    chosen = choose(backlog, (), 5)
    assert sum(p.insight.episode_id == 1 for p in chosen) == 2


def test_one_episode_alone_fills_the_digest() -> None:
    assert len(choose([pick(n, 1, 0.9) for n in range(7)], (), 5)) == 5


def test_the_same_said_twice_is_posted_once() -> None:
    assert ids(choose([pick(0, 1, 0.9), pick(9, 2, 0.8, claim=0), pick(1, 3, 0.5)], (), 5)) == [0, 1]


def test_what_the_channel_has_had_is_not_repeated() -> None:
    assert ids(choose([pick(0, 1, 0.9), pick(1, 2, 0.5)], [had(pick(8, 7, 0.9, claim=0))], 5)) == [1]


def test_fewer_than_five_when_there_are_not_five_good_ones() -> None:
    assert ids(choose([pick(0, 1, 0.9), pick(1, 2, 0.1)], (), 5)) == [0]
    assert choose([], (), 5) == ()


def test_view_numbers_links_and_names_models() -> None:
    first = pick(0, 1, 0.9)
    made = Provenance(transcript="publisher (vtt)", reader="R", writer="W")
    insight = replace(first.insight, start=65.4, provenance=made)
    episode = Episode(title="E", show="S", enclosure=Enclosure(url="https://a.example/e.mp3"))
    digest = Digest(
        channel_id=1,
        local_date=date(2026, 11, 24),
        picks=(Pick(insight=insight, episode=episode),),
        episodes_scanned=3,
        hours_scanned=2.5,
    )
    text = plain(view(digest))
    assert "The one thing worth knowing · Tuesday 24 November" in text
    assert "Scanned 3 new episodes, 2.5 hours of talk." in text
    assert "1. Bread prices follow wages, not flour" in text
    assert "S · E · 1:05" in text
    assert "   https://a.example/e.mp3#t=65" in text.splitlines()
    assert text.splitlines()[-1] == "Transcripts: publisher (vtt); read by R; written by W."
    assert [part.number for part in view(digest).parts if isinstance(part, Item)] == [1]


def test_private_audio_is_never_linked() -> None:
    insight = Insight(headline="h", text="t", quote="q", start=1.0)
    sealed = Episode(
        link="https://a.example/page", enclosure=Enclosure(url="https://a.example/~f", sealed="x")
    )
    hidden = Pick(insight=insight, episode=sealed)
    assert moment_link(hidden) == ""
    assert item(hidden, 1).page == "https://a.example/page"


def test_links_are_for_browsers() -> None:
    insight = Insight(headline="h", text="t", quote="q", start=1.0)
    odd = Episode(link="javascript:alert(1)", enclosure=Enclosure(url="ftp://a.example/1.mp3"))
    shown = item(Pick(insight=insight, episode=odd), 1)
    assert (shown.page, shown.link, shown.moment) == ("", "", "0:01")


def test_muted_topics_are_left_out_and_preferred_ones_come_first() -> None:
    backlog = [pick(n, n, 0.9 - n / 50) for n in range(5)]
    muted = choose(backlog, [], 5, mute=("shade trees", "read"))
    assert [p.insight.id for p in muted] == [0, 2, 3, 4]  # "bread" is not "read"
    preferred = choose(backlog, [], 2, prefer=("naps",))
    assert [p.insight.id for p in preferred] == [4, 0]
    assert preferred[0].insight.score == backlog[4].insight.score  # it is moved up, not made better
    assert choose(backlog, [], 1, prefer=("nothing of that",))[0].insight.id == 0


def test_quiet_day_says_so_in_one_line() -> None:
    quiet = Digest(channel_id=1, local_date=date(2026, 11, 24), episodes_scanned=1, hours_scanned=0.5)
    assert plain(view(quiet)) == "Scanned 1 new episode, 30 minutes of talk. Nothing worth a post today."


def test_made_by_names_each_model_once() -> None:
    one, other = Provenance(reader="R", writer="W"), Provenance(reader="R", writer="V")
    picks = [
        replace(p, insight=replace(p.insight, provenance=made))
        for p, made in ((pick(0, 1, 0.9), one), (pick(1, 1, 0.9), other), (pick(2, 1, 0.9), one))
    ]
    assert made_by(picks) == "read by R; written by W, V."


def test_of_two_that_are_about_as_good_the_one_that_begins_otherwise_comes_first() -> None:
    backlog = [pick(n, n, 0.9 - n / 1000) for n in range(3)]
    alike = replace(backlog[1].insight, text="Labour is a word that many begin with when streets are meant.")
    backlog[1] = replace(backlog[1], insight=alike)
    assert [p.insight.id for p in choose(backlog, [], 2)] == [0, 2]
