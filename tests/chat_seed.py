"""A store in which one channel has had a post: what tests of a shipped chat process start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain import (
    Channel,
    Digest,
    Enclosure,
    Episode,
    Feed,
    Insight,
    Passage,
    Pick,
    Post,
    Provenance,
    Reading,
    Segment,
    Sentence,
    Subscription,
    Transcript,
)
from bot.store.sql import SqlStore

SAID = (
    ("Host", "What does a loaf really cost you to make?"),
    ("Ana", "Flour is ten percent of the price of a loaf."),
    ("Ana", "Wages are half of it, and rent is most of the rest."),
    ("Ana", "When wheat doubled, our bread had to rise by a tenth."),
    ("Host", "And why did you never put a surcharge on the bill?"),
    ("Ana", "Because customers forgive a price, but never a fee."),
)
CLAIMS = (
    (
        1,
        "Flour is a tenth of what a loaf costs",
        "Flour is ten percent of the price of a loaf, Ana says, so wheat",
    ),
    (
        2,
        "Wages are half of what a loaf costs",
        "Wages are half of the price of bread, and rent is most of the rest",
    ),
    (
        5,
        "Customers forgive a price, never a fee",
        "Ana never put a surcharge on the bill, since customers resent it",
    ),
)


def seeded(
    folder: Path, platform: str, workspace: str, name: str, *, message_id: str, thread_id: str
) -> Digest:
    """Makes `folder`/earmark.db with a channel that follows one feed and had one digest, posted as given."""
    store = SqlStore.open(f"sqlite:///{folder / 'earmark.db'}")
    try:
        return _seeded(store, platform, workspace, name, message_id, thread_id)
    finally:
        store.close()


def _seeded(
    store: SqlStore, platform: str, workspace: str, name: str, message_id: str, thread_id: str
) -> Digest:
    now = datetime.now(UTC).replace(microsecond=0)
    channel = store.save_channel(
        Channel(platform=platform, workspace=workspace, name=name, title="bakers", next_post_at=now)
    )
    feed = store.add_feed(Feed(url="https://feeds.example/bread", title="The Bread Show"))
    store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
    episode = store.save_episode(
        Episode(
            feed_id=feed.id,
            guid="e1",
            title="What a loaf costs",
            published_at=now - timedelta(hours=5),
            enclosure=Enclosure(url="https://cdn.example/1.mp3", mime_type="audio/mpeg"),
            link="https://bread.example/1",
            duration_s=60.0,
        )
    )
    picks = _read(store, episode, now)
    made = Digest(
        channel_id=channel.id,
        local_date=now.date(),
        picks=tuple(picks),
        episodes_scanned=1,
        hours_scanned=0.1,
        created_at=now,
    )
    claim = store.claim("compose", channel.id, now, 30)
    assert claim is not None
    store.save_digest(claim, made, replace(channel, next_post_at=now + timedelta(days=1)))
    [kept] = store.digests(channel.id)
    post = Post(
        digest_id=kept.id,
        platform=platform,
        channel=name,
        message_id=message_id,
        thread_id=thread_id,
        posted_at=now,
    )
    posting = store.claim("publish", kept.id, now, 30)
    assert posting is not None
    store.save_post(posting, post)
    return kept


def _read(store: SqlStore, episode: Episode, now: datetime) -> list[Pick]:
    """The episode all the way to its insights."""
    segments = tuple(
        Segment(start=10.0 * n, end=10.0 * n + 9, speaker=who, text=text)
        for n, (who, text) in enumerate(SAID)
    )
    transcript = Transcript(segments=segments, language="en", model="vtt", duration_s=60.0)
    sentences = tuple(Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text) for s in segments)
    passage = Passage(first=0, last=len(SAID) - 1, score=0.9, evidence=(1,), quote_at=1)
    reading = Reading(sentences=sentences, passages=(passage,), model="reader")
    insights = tuple(
        Insight(
            headline=headline,
            text=text,
            quote=SAID[at][1],
            speaker=SAID[at][0],
            start=10.0 * at,
            score=0.9 - at / 100,
            provenance=Provenance(transcript="publisher (vtt)", reader="reader", writer="writer"),
        )
        for at, headline, text in CLAIMS
    )
    for stage, save in (
        ("transcribe", lambda claim: store.save_transcript(claim, episode.id, transcript)),
        ("read", lambda claim: store.save_reading(claim, episode.id, reading)),
        ("write", lambda claim: store.save_insights(claim, episode.id, insights, now)),
    ):
        claim = store.claim(stage, episode.id, now, 30)  # type: ignore[arg-type]
        assert claim is not None
        save(claim)
    shown = replace(store.episode(episode.id))
    return [Pick(insight=insight, episode=shown) for insight in store.insights(episode.id)]
