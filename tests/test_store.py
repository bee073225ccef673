"""The contract of the store, on all three: feeds, library, channels (work and digests: next to this)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bot.domain import (
    Changes,
    Channel,
    Enclosure,
    Episode,
    Feed,
    Passage,
    Provenance,
    Reading,
    Segment,
    Sentence,
    SetAside,
    Subscription,
    Transcript,
    TranscriptLink,
    Word,
)
from bot.errors import StoreError
from bot.ports import Store
from tests.store_kit import HOUR, NOW, TRANSCRIPT, World, episode, insight

# feeds


def test_a_feed_comes_back_as_it_was_saved(store: Store) -> None:
    feed = Feed(
        url="https://feeds.example/a?key=~ab12",
        sealed="gAAAA",
        title="Ä 🌳",
        status="paused",
        checked_at=NOW,
        next_check_at=NOW + HOUR,
        failures=3,
        error="It answers 503.",
        backfill=7,
    )
    added = store.add_feed(feed)
    assert added == replace(feed, id=added.id)
    assert store.feed(added.id) == added
    assert store.feeds() == [added]


def test_a_feed_known_by_its_url_stays_as_it_stands_but_for_its_secret(store: Store) -> None:
    first = store.add_feed(Feed(url="https://feeds.example/a", title="Known", sealed="old"))
    again = store.add_feed(Feed(url="https://feeds.example/a", title="", sealed="new"))
    assert again == replace(first, sealed="new")
    assert len(store.feeds()) == 1


def test_feeds_are_due_when_active_followed_and_their_time_has_come(world: World) -> None:
    def follow(name: str, **state: object) -> int:
        feed = world.store.add_feed(Feed(url=f"https://feeds.example/{name}", **state))  # type: ignore[arg-type]
        world.store.subscribe(Subscription(channel_id=world.channel.id, feed_id=feed.id))
        return feed.id

    late = follow("late", next_check_at=NOW - HOUR)
    later = follow("later", next_check_at=NOW)
    follow("not yet", next_check_at=NOW + HOUR)
    follow("paused", status="paused")
    world.store.add_feed(Feed(url="https://feeds.example/unfollowed"))
    assert world.store.due_feeds(NOW) == [world.feed.id, late, later]  # never checked comes first
    assert world.store.due_feeds(NOW, limit=1) == [world.feed.id]
    assert world.store.pending("refresh", NOW) == [world.feed.id, late, later]


def test_a_poll_saves_the_feed_and_its_episodes(world: World) -> None:
    world.poll(episode(1), episode(2), title="Renamed", etag='"1"')
    assert world.store.feed(world.feed.id).etag == '"1"'
    newest, older = world.store.episodes(world.feed.id)
    assert (newest.guid, older.guid) == ("e1", "e2")
    assert newest.show == "Renamed" and newest.feed_id == world.feed.id
    assert world.store.due_feeds(NOW) == []


def test_a_poll_overwrites_an_episode_it_knows(world: World) -> None:
    known, other = world.add(episode(1), episode(2))
    changed = replace(world.store.episode(known), title="Corrected", feed_id=0)
    world.poll(updated=(changed,))
    assert world.store.episode(known).title == "Corrected"
    assert world.store.episode(other).title == "Episode 2"
    assert len(world.store.episodes(world.feed.id)) == 2


def test_a_feed_paused_while_it_was_polled_stays_paused(world: World) -> None:
    claim = world.take("refresh", world.feed.id)
    world.store.save_feed(replace(world.feed, status="paused"))
    world.store.save_poll(claim, replace(world.feed, title="New"), Changes())
    assert (world.store.feed(world.feed.id).status, world.store.feed(world.feed.id).title) == (
        "paused",
        "New",
    )


def test_a_feed_that_moves_to_the_address_of_another_keeps_its_own(world: World) -> None:
    other = world.store.add_feed(Feed(url="https://feeds.example/other", sealed="theirs"))
    world.poll(url=other.url, sealed="theirs", title="Moved")
    assert world.store.feed(world.feed.id).url == world.feed.url
    assert world.store.feed(world.feed.id).title == "Moved"
    assert world.store.feed(other.id) == other


def test_an_episode_comes_back_as_it_was_saved(world: World) -> None:
    full = Episode(
        feed_id=world.feed.id,
        guid="g",
        title="T",
        published_at=NOW,
        link="https://e.example",
        summary="S",
        enclosure=Enclosure(
            url="https://e.example/a.mp3", sealed="x", mime_type="audio/mpeg", length_bytes=5_000_000_000
        ),
        duration_s=61.5,
        transcripts=(TranscriptLink(url="https://e.example/a.vtt", sealed="y", mime_type="text/vtt"),),
        kind="bonus",
        language="en",
        status="skipped",
        status_reason="It is a bonus.",
        first_seen_at=NOW,
    )
    saved = world.store.save_episode(full)
    assert saved == replace(full, id=saved.id, show="Tree Talk")
    bare = world.store.save_episode(Episode(feed_id=world.feed.id))
    assert world.store.episode(bare.id) == bare
    assert bare.enclosure is None and bare.published_at is None


def test_undated_episodes_are_as_old_as_when_they_were_first_seen(world: World) -> None:
    dated, undated, unknown = world.add(
        episode(2), episode(1, published_at=None, first_seen_at=NOW), episode(3, published_at=None)
    )
    assert [e.id for e in world.store.episodes(world.feed.id)] == [undated, dated, unknown]


def test_what_is_not_there_is_named(store: Store) -> None:
    for ask in (store.feed, store.episode, store.channel, store.digest):
        with pytest.raises(StoreError, match=r"There is no .* 77"):
            ask(77)
    assert store.transcript(77) is None and store.reading(77) is None and store.post(77) is None


# values


def test_times_come_back_aware_and_in_utc(world: World) -> None:
    there = datetime(2025, 3, 3, 10, 30, tzinfo=timezone(timedelta(hours=2)))
    world.store.save_feed(replace(world.feed, checked_at=there))
    checked_at = world.store.feed(world.feed.id).checked_at
    assert checked_at == there
    assert checked_at is not None and checked_at.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_a_bug_and_not_guessed(world: World) -> None:
    with pytest.raises(ValueError, match="without a timezone"):
        world.store.save_feed(replace(world.feed, checked_at=NOW.replace(tzinfo=None)))


def test_a_feed_may_claim_any_number(world: World) -> None:
    huge = Enclosure(url="https://e.example/a.mp3", length_bytes=10**30)
    long, negative = world.add(
        episode(1, enclosure=huge, duration_s=float("inf")),
        episode(2, enclosure=replace(huge, length_bytes=-1), duration_s=float("nan")),
    )
    stored = world.store.episode(long)
    assert stored.enclosure == replace(huge, length_bytes=2**63 - 1) and stored.duration_s is None
    stored = world.store.episode(negative)
    assert stored.enclosure == replace(huge, length_bytes=0) and stored.duration_s is None


def test_a_score_that_is_no_number_is_a_bug_and_not_stored(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "read")
    passage = Passage(first=0, last=0, score=float("nan"), evidence=(), quote_at=0)
    with pytest.raises(ValueError, match="no number"):
        world.store.save_reading(world.take("read", id_), id_, Reading(sentences=(), passages=(passage,)))
    assert world.store.reading(id_) is None
    assert [row.stage for row in world.store.work()] == ["read"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("naïve 日本 🎙️", "naïve 日本 🎙️"), ("a\0b", "ab"), ("\ud83d!", "?!"), ("'; --\\u0000", "'; --\\u0000")],
)
def test_any_text_can_be_kept(world: World, given: str, kept: str) -> None:
    (id_,) = world.add(episode(title=given, transcripts=(TranscriptLink(url=given),)))
    stored = world.store.episode(id_)
    assert (stored.title, stored.transcripts[0].url) == (kept, kept)
    transcript = Transcript(segments=(Segment(start=None, end=None, text=given),), warnings=(given,))
    world.store.save_transcript(world.take("transcribe", id_), id_, transcript)
    read = world.store.transcript(id_)
    assert read is not None and (read.segments[0].text, read.warnings) == (kept, (kept,))


# library


def test_transcripts_and_readings_come_back_whole(world: World) -> None:
    words = (Word(start=0.1, end=0.4, text="Trees"), Word(start=0.4, end=0.9, text="cool."))
    transcript = Transcript(
        segments=(
            Segment(start=0.0, end=1.0, speaker="Ann", text="Trees cool.", words=words),
            Segment(start=None, end=None, text="…"),
        ),
        language="en",
        source="asr",
        model="faster-whisper tiny.en int8",
        duration_s=1.0,
        seconds_spent=0.2,
        warnings=("Half of it is music.",),
    )
    reading = Reading(
        sentences=(Sentence(start=0.0, end=1.0, speaker="Ann", text="Trees cool."),),
        passages=(Passage(first=0, last=0, score=0.7, evidence=(0,), quote_at=0),),
        set_aside=(SetAside(kind="sponsor", first=0, last=0),),
        model="lead",
        seconds_spent=0.1,
    )
    (id_,) = world.add(episode())
    world.store.save_transcript(world.take("transcribe", id_), id_, transcript)
    world.store.save_reading(world.take("read", id_), id_, reading)
    assert world.store.transcript(id_) == transcript
    assert world.store.reading(id_) == reading


def test_insights_come_back_best_first(world: World) -> None:
    (id_,) = world.add(episode())
    provenance = Provenance(transcript="publisher (vtt)", reader="r", writer="w", tokens=5, seconds=0.5)
    good, better = insight(2, start=1.0, end=2.5, speaker="Ann", provenance=provenance), insight(1)
    world.bring(id_, "compose", good, better)
    first, second = world.store.insights(id_)
    assert first == replace(better, id=first.id, episode_id=id_, created_at=NOW)
    assert second == replace(good, id=second.id, episode_id=id_, created_at=NOW)


def test_sources_are_usable_transcripts_of_the_feeds_newest_first(world: World) -> None:
    old, new, bad, _ = world.add(episode(3), episode(2), episode(1), episode(4))
    for id_ in (old, new):
        world.bring(id_, "read")
    world.store.save_transcript(world.take("transcribe", bad), bad, replace(TRANSCRIPT, usable=False))
    found = list(world.store.sources([world.feed.id]))
    assert [source.episode.id for source in found] == [new, old]
    assert found[0].transcript == TRANSCRIPT and found[0].episode.show == "Tree Talk"
    assert len(list(world.store.sources([world.feed.id], limit=1))) == 1
    assert list(world.store.sources([])) == list(world.store.sources([world.feed.id + 99])) == []
    assert world.store.heard([world.feed.id]) == [s.episode.id for s in found]
    assert world.store.heard([world.feed.id + 99]) == []
    assert world.store.source(found[0].episode.id) == found[0]
    with pytest.raises(StoreError, match="no transcript"):
        world.store.source(999)


# channels


def test_a_channel_is_overwritten_by_platform_and_name(store: Store) -> None:
    first = store.save_channel(
        Channel(platform="slack", name="C1", weekdays=(0, 2, 4), quiet_line=True, next_post_at=NOW)
    )
    assert store.channel(first.id) == first
    again = store.save_channel(Channel(platform="slack", name="C1", post_time="07:30", paused=True))
    other = store.save_channel(Channel(platform="discord", name="C1"))
    assert again == Channel(id=first.id, platform="slack", name="C1", post_time="07:30", paused=True)
    assert store.channels() == [again, other]


def test_subscriptions_are_made_once_and_may_begin_at_another_time(world: World) -> None:
    feed = world.store.add_feed(Feed(url="https://feeds.example/b"))
    wanted = Subscription(channel_id=world.channel.id, feed_id=feed.id, since=NOW)
    assert world.store.subscribe(replace(wanted, since=None))
    assert not world.store.subscribe(wanted)
    assert wanted in world.store.subscriptions(world.channel.id)
    assert world.store.subscriptions() == world.store.subscriptions(world.channel.id)
    assert world.store.subscriptions(world.channel.id + 99) == []


def test_a_feed_nobody_follows_stays_but_is_not_worked_on(world: World) -> None:
    (id_,) = world.add(episode())
    assert world.store.unsubscribe(world.channel.id, world.feed.id)
    assert not world.store.unsubscribe(world.channel.id, world.feed.id)
    assert world.store.feeds() == [world.feed] and world.store.episode(id_)
    assert world.store.due_feeds(NOW) == world.store.pending("transcribe", NOW) == []


def test_only_feeds_that_are_there_can_be_followed(world: World) -> None:
    with pytest.raises(StoreError):
        world.store.subscribe(Subscription(channel_id=world.channel.id, feed_id=world.feed.id + 99))
