"""Which episodes are the same, which are news and which are history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Changes, Enclosure, Episode, TranscriptLink
from bot.identity import audio_key, merge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def episode(name: str = "a", days_ago: float = 1, **changes: Any) -> Episode:
    fields: dict[str, Any] = {
        "guid": f"guid-{name}",
        "title": f"About {name}",
        "published_at": NOW - timedelta(days=days_ago),
        "enclosure": Enclosure(url=f"https://cdn.example.com/{name}.mp3"),
        "duration_s": 1800.0,
    }
    return Episode(**{**fields, **changes})


def stored(episodes: Sequence[Episode]) -> list[Episode]:
    return [replace(item, id=number, feed_id=7) for number, item in enumerate(episodes, 1)]


def follow(*episodes: Episode, backfill: int = 1) -> Changes:
    return merge([], episodes, first=True, backfill=backfill, now=NOW)


def again(known: Sequence[Episode], *polled: Episode, now: datetime = NOW) -> Changes:
    return merge(known, polled, first=False, backfill=1, now=now)


def statuses(changes: Changes) -> dict[str, str]:
    return {item.title: item.status for item in changes.new}


def test_first_poll_takes_the_newest_and_marks_the_rest_seen() -> None:
    changes = follow(episode("old", 30), episode("new", 1), episode("middle", 9))
    assert statuses(changes) == {"About old": "seen", "About new": "wanted", "About middle": "seen"}
    assert changes.new[0].status_reason == "published before you followed it"
    assert all(item.first_seen_at == NOW for item in changes.new)


@pytest.mark.parametrize(("backfill", "wanted"), [(0, 1), (1, 1), (2, 2), (99, 3)])
def test_backfill_asks_for_more(backfill: int, wanted: int) -> None:
    changes = follow(*(episode(n, d) for n, d in (("a", 1), ("b", 2), ("c", 3))), backfill=backfill)
    assert [item.status for item in changes.new].count("wanted") == wanted


def test_skipped_episodes_stay_skipped_and_use_up_no_backfill() -> None:
    trailer = episode("t", 0.5, status="skipped", status_reason="a trailer")
    changes = follow(trailer, episode("a", 1), episode("b", 2))
    assert statuses(changes) == {"About t": "skipped", "About a": "wanted", "About b": "seen"}
    assert changes.new[0].status_reason == "a trailer"


def test_without_dates_the_first_in_the_feed_is_the_newest() -> None:
    changes = follow(episode("a", published_at=None), episode("b", published_at=None))
    assert statuses(changes) == {"About a": "wanted", "About b": "seen"}


def test_a_date_in_the_future_does_not_hide_later_news() -> None:
    known = stored(follow(episode("odd", -4000), episode("a", 3)).new)
    assert statuses(again(known, episode("b", 0.1))) == {"About b": "wanted"}


def test_the_same_poll_again_changes_nothing() -> None:
    polled = [episode("a"), episode("b", 2)]
    assert again(stored(follow(*polled).new), *polled) == Changes()


def test_new_ones_are_wanted_and_known_ones_left_alone() -> None:
    known = stored(follow(episode("a")).new)
    changes = again(known, episode("b", 0.1), episode("a"))
    assert statuses(changes) == {"About b": "wanted"}
    assert changes.updated == ()


@pytest.mark.parametrize(
    "change",
    [
        {"published_at": NOW - timedelta(days=20)},
        {"title": "Another title"},
        {"summary": "Corrected."},
        {"enclosure": Enclosure(url="https://elsewhere.example.net/x.mp3")},
        {"title": "T", "enclosure": Enclosure(url="https://x.example.net/x.mp3"), "duration_s": 9.0},
        {"transcripts": (TranscriptLink(url="https://example.com/a.vtt"),)},
        {"guid": "", "enclosure": Enclosure(url="https://cdn.example.com/a.mp3?utm_source=x")},
        {"guid": "rewritten", "published_at": NOW - timedelta(days=1, minutes=5)},
        {"guid": "", "enclosure": Enclosure(url="https://new.example.net/1.mp3"), "duration_s": 2300.0},
    ],
)
def test_a_changed_episode_is_an_update_and_keeps_its_place(change: dict[str, Any]) -> None:
    known = stored(follow(episode("new", 0.5), episode("a")).new)
    changes = again(known, episode("new", 0.5), replace(episode("a"), **change))
    assert changes.new == ()
    (updated,) = changes.updated
    assert (updated.id, updated.feed_id, updated.status, updated.first_seen_at) == (2, 7, "seen", NOW)
    assert all(getattr(updated, name) == value for name, value in change.items())


def test_a_lost_date_keeps_the_known_one() -> None:
    known = stored(follow(episode("a")).new)
    assert again(known, episode("a", published_at=None)) == Changes()


def test_resealing_a_private_address_is_no_change() -> None:
    def private(sealed: str) -> Episode:
        return episode("a", enclosure=Enclosure(url="https://h.example/a?k=~0123456789", sealed=sealed))

    assert again(stored(follow(private("x")).new), private("y")) == Changes()


def test_two_items_with_one_guid_are_both_kept_and_stay_apart() -> None:
    pair = [episode("a", guid="same"), episode("b", guid="same")]
    known = stored(follow(*pair, backfill=2).new)
    assert len(known) == 2
    changed = replace(pair[1], summary="More.")
    changes = again(known, changed, pair[0])
    assert (changes.new, [item.id for item in changes.updated]) == ((), [2])


def test_a_third_item_under_the_same_guid_is_new() -> None:
    known = stored(follow(episode("a", guid="same"), episode("b", guid="same")).new)
    changes = again(known, *(episode(name, 0.2, guid="same") for name in "abc"))
    assert statuses(changes) == {"About c": "wanted"}


@pytest.mark.parametrize("moved", [False, True], ids=["same audio", "new host"])
@pytest.mark.parametrize("redated", [False, True], ids=["same dates", "new dates"])
def test_a_feed_that_rewrites_all_guids_adds_nothing(moved: bool, redated: bool) -> None:
    old = [episode(name, days) for days, name in enumerate("abcd", 1)]
    new = [
        replace(
            item,
            guid=f"new:{item.guid}",
            enclosure=Enclosure(url=f"https://new.example/{n}.mp3") if moved else item.enclosure,
            published_at=NOW if redated else item.published_at,
        )
        for n, item in enumerate(old)
    ]
    changes = again(stored(follow(*old).new), *new)
    assert changes.new == ()
    assert sorted(item.id for item in changes.updated) == [1, 2, 3, 4]


def test_hourly_bulletins_under_one_title_and_address_are_separate() -> None:
    def bulletin(hour: int) -> Episode:
        return episode("n", guid=f"g{hour}", published_at=NOW.replace(hour=hour), title=f"News at {hour}")

    known = stored(follow(bulletin(8)).new)
    assert statuses(again(known, bulletin(9))) == {"News at 9": "wanted"}
    distinct = replace(bulletin(9), title="News at 8", enclosure=Enclosure(url="https://h.example/9.mp3"))
    assert statuses(again(known, distinct)) == {"News at 8": "wanted"}


def test_an_archive_that_is_added_back_is_history() -> None:
    known = stored(follow(episode("a", 2), episode("b", 9)).new)
    archive = [episode(f"old{n}", 100 + n) for n in range(50)]
    changes = again(known, episode("late", 4), episode("a", 2), *archive)
    wanted = [item.title for item in changes.new if item.status == "wanted"]
    assert wanted == ["About late"]
    assert {item.status_reason for item in changes.new if item.status == "seen"} == {
        "older than what was already known"
    }


def test_audio_that_is_attached_later_makes_a_skipped_episode_wanted() -> None:
    bare = episode("a", enclosure=None, status="skipped", status_reason="no audio is attached")
    known = stored(follow(bare, episode("b", 3)).new)
    (updated,) = again(known, episode("a"), episode("b", 3)).updated
    assert (updated.id, updated.status, updated.status_reason) == (1, "wanted", "")


def test_an_item_repeated_word_for_word_is_one() -> None:
    assert len(follow(episode("a"), episode("a")).new) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h.example/a.mp3", "http://www.h.example/a.mp3", True),
        ("https://h.example/a.mp3?utm_source=x&updated=1", "https://h.example/a.mp3", True),
        ("https://h.example/a.mp3?key=~0123456789", "https://h.example/a.mp3?key=~abcdef0123", True),
        ("https://h.example/play?id=1", "https://h.example/play?id=2", False),
        ("https://h.example/a.mp3", "https://h.example/b.mp3", False),
    ],
)
def test_audio_key_ignores_what_passes(one: str, other: str, same: bool) -> None:
    assert (audio_key(Enclosure(url=one)) == audio_key(Enclosure(url=other))) is same


few = st.sampled_from(["", "a", "b", "c"])
# As from the parser: what an item says decides whether it is skipped.
items = st.lists(
    st.builds(
        Episode,
        guid=few,
        title=few,
        summary=few,
        published_at=st.none() | st.integers(0, 90).map(lambda d: NOW - timedelta(days=d / 2)),
        duration_s=st.none() | st.sampled_from([10.0, 500.0, 1000.0, 4000.0]),
        enclosure=st.none() | few.map(lambda n: Enclosure(url=f"https://h.example/{n}.mp3")),
    ).map(lambda e: replace(e, status="wanted" if e.enclosure and e.summary != "b" else "skipped")),
    max_size=7,
)


def test_an_item_that_loses_its_date_is_no_second_episode() -> None:
    before = Episode(title="A", published_at=NOW)
    known = stored(follow(before, Episode(title="B", published_at=NOW)).new)
    news = again(known, replace(before, published_at=None), Episode(guid="1", title="C")).new
    assert [item.title for item in news] == ["C"]


@settings(deadline=None)
@given(items, st.randoms(use_true_random=False))
def test_merging_the_same_poll_twice_changes_nothing(polled: list[Episode], random: Any) -> None:
    known = stored(follow(*polled).new)
    random.shuffle(known)
    assert again(known, *polled) == Changes()


@settings(deadline=None)
@given(items, items)
def test_ids_are_never_doubled_and_nothing_is_lost(before: list[Episode], after: list[Episode]) -> None:
    known = stored(follow(*before).new)
    changes = again(known, *after)
    ids = [item.id for item in changes.updated]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {item.id for item in known}
    assert all(item.id == 0 for item in changes.new)
    by_id = {item.id: item for item in [*known, *changes.updated]}
    merged = [*by_id.values(), *(replace(e, id=100 + n) for n, e in enumerate(changes.new))]
    assert again(merged, *after) == Changes()


@settings(deadline=None)
@given(items.filter(bool))
def test_the_first_poll_wants_one_unless_all_are_skipped(polled: list[Episode]) -> None:
    found = [item.status for item in follow(*polled).new]
    assert found.count("wanted") == int(any(item.status != "skipped" for item in polled))
