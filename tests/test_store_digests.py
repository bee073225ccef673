"""The contract of the store, on all three: backlog, digests, posts and what a channel has had."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Channel, Digest, Follow, Had, Leaning, Pick, Subscription, Why
from tests.store_kit import DAY, HOUR, NOW, READING, TRANSCRIPT, World, episode, insight

LONG_AGO = NOW - 100 * DAY


def test_a_digest_comes_back_with_its_picks_in_order(world: World) -> None:
    one, two = world.add(episode(1), episode(2))
    world.bring(one, "compose", insight(1))
    world.bring(two, "compose", insight(2))
    picks = world.store.backlog(world.channel.id, NOW - DAY)[::-1]
    made = world.compose(picks)
    assert made == Digest(
        id=made.id,
        channel_id=world.channel.id,
        local_date=NOW.date(),
        picks=tuple(picks),
        hours_scanned=1.5,
        created_at=NOW,
    )
    assert world.store.digest(made.id) == made


def test_a_digest_and_the_next_post_time_are_saved_together_and_nothing_else_of_the_channel(
    world: World,
) -> None:
    due = world.store.save_channel(replace(world.channel, next_post_at=NOW))
    claim = world.take("compose", due.id)
    world.store.save_channel(replace(due, count=3))  # somebody changes a setting meanwhile
    world.store.save_digest(claim, None, replace(due, next_post_at=NOW + DAY))
    assert world.store.channel(due.id) == replace(due, count=3, next_post_at=NOW + DAY)
    assert world.store.digests(due.id) == []


def test_one_digest_a_channel_a_day_and_part(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose")
    first = world.compose(world.store.backlog(world.channel.id, NOW - DAY))
    same = world.compose([], now=NOW + HOUR)
    assert same == first
    due = world.store.save_channel(replace(world.channel, next_post_at=NOW))
    second_part = Digest(channel_id=due.id, local_date=NOW.date(), part=1, created_at=NOW + HOUR)
    world.store.save_digest(world.take("compose", due.id), second_part, due)
    assert [d.part for d in world.store.digests(due.id)] == [1, 0]


def test_digests_and_what_was_had_come_latest_first(world: World) -> None:
    ids = world.add(episode(1), episode(2), episode(3))
    for day, id_ in enumerate(ids):
        world.bring(id_, "compose", insight(2 * day + 1), insight(2 * day + 2), now=NOW + day * DAY)
        picks = world.store.backlog(world.channel.id, NOW + day * DAY - HOUR)
        world.compose(picks, now=NOW + day * DAY)
    digests = world.store.digests(world.channel.id, limit=2)
    assert [d.local_date for d in digests] == [(NOW + 2 * DAY).date(), (NOW + DAY).date()]
    had = [had.insight.headline for had in world.store.had(world.channel.id, limit=3)]
    assert had == ["Claim 5", "Claim 6", "Claim 3"]


def test_writing_again_replaces_all_but_what_is_in_a_digest(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "write")
    claim = world.take("write", id_)
    world.store.save_insights(claim, id_, (insight(1), insight(2)), NOW)
    made = world.compose(world.store.backlog(world.channel.id, NOW - DAY)[:1])
    # What is done is not claimed again, so another unit's claim stands in for a rewrite's.
    (other,) = world.add(episode(2))
    world.store.save_insights(world.take("transcribe", other), id_, (insight(4),), NOW)
    assert [i.headline for i in world.store.insights(id_)] == ["Claim 1", "Claim 4"]
    assert world.store.digest(made.id) == made


def test_episodes_and_hours_scanned_for_a_channel(world: World) -> None:
    earlier, timed, untimed = world.add(episode(1), episode(2), episode(3, duration_s=None))
    world.bring(earlier, "write", now=NOW - DAY)
    world.bring(untimed, "write")
    measured = replace(TRANSCRIPT, duration_s=7200.0)
    world.store.save_transcript(world.take("transcribe", timed), timed, measured)
    world.store.save_reading(world.take("read", timed), timed, READING)
    assert world.store.scanned(world.channel.id, NOW - HOUR) == (2, 2.0)
    assert world.store.scanned(world.channel.id, NOW - 2 * DAY) == (3, 2.5)
    assert world.store.scanned(world.channel.id, NOW) == (0, 0.0)


def test_a_digest_is_published_once(world: World) -> None:
    made = world.compose([])
    assert world.store.pending("publish", NOW) == [made.id]
    claim = world.take("publish", made.id)
    world.store.save_post(claim, world.post_of(made))
    assert world.store.post(made.id) == world.post_of(made)
    assert world.store.pending("publish", NOW) == []
    assert world.store.claim("publish", made.id, NOW, 30) is None


def test_digests_are_published_oldest_first_while_they_are_news(world: World) -> None:
    stale = world.compose([], now=NOW - 3 * DAY)
    first = world.compose([], now=NOW - DAY)
    second = world.compose([], now=NOW)
    assert world.store.pending("publish", NOW) == [first.id, second.id]
    assert world.store.claim("publish", stale.id, NOW, 30) is None


def test_the_backlog_is_fresh_followed_and_unseen_best_first(world: World) -> None:
    one, two, old = world.add(episode(1), episode(2), episode(3))
    world.bring(old, "compose", now=NOW - 5 * DAY)
    world.bring(one, "compose", insight(2), insight(3))
    world.bring(two, "compose", insight(1))
    picks = world.store.backlog(world.channel.id, NOW - DAY)
    assert [(p.episode.id, p.insight.headline) for p in picks] == [
        (two, "Claim 1"),
        (one, "Claim 2"),
        (one, "Claim 3"),
    ]
    assert picks[0].episode == world.store.episode(two)
    other = world.store.save_channel(Channel(name="other"))
    assert world.store.backlog(other.id, NOW - DAY) == []


def test_an_episode_that_was_in_a_digest_leaves_the_backlog_of_that_channel_alone(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1), insight(2))
    other = world.store.save_channel(Channel(name="other"))
    world.store.subscribe(Subscription(channel_id=other.id, feed_id=world.feed.id))
    world.compose(world.store.backlog(world.channel.id, NOW - DAY)[:1])
    assert world.store.backlog(world.channel.id, NOW - DAY) == []
    assert len(world.store.backlog(other.id, NOW - DAY)) == 2
    assert [had.insight.headline for had in world.store.had(world.channel.id)] == ["Claim 1"]
    assert world.store.had(other.id) == []


def test_what_came_out_before_the_subscription_is_not_its_news(world: World) -> None:
    before, after, undated = world.add(
        episode(1, published_at=NOW - 2 * DAY), episode(2, published_at=NOW), episode(3, published_at=None)
    )
    world.store.unsubscribe(world.channel.id, world.feed.id)
    since = Subscription(channel_id=world.channel.id, feed_id=world.feed.id, since=NOW - DAY)
    world.store.subscribe(since)
    for id_ in (before, after, undated):
        world.bring(id_, "compose")
    assert {p.episode.id for p in world.store.backlog(world.channel.id, LONG_AGO)} == {after, undated}
    assert world.store.scanned(world.channel.id, LONG_AGO) == (2, 1.0)


def test_what_says_the_same_stays_with_its_pick_and_does_not_come_again(world: World) -> None:
    one, two, three = world.add(episode(1), episode(2), episode(3))
    world.bring(one, "compose", insight(1))
    world.bring(two, "compose", insight(2), insight(4))
    world.bring(three, "compose", insight(3))
    first, second, third, fourth = world.store.backlog(world.channel.id, NOW - DAY)
    made = world.compose([replace(first, also=(third, second))])
    assert made.picks[0].also == (third, second)
    assert world.store.had(world.channel.id) == [
        Had(insight=each.insight, digest_id=made.id, local_date=NOW.date()) for each in (first, third, second)
    ]
    # The rest of an episode that only stood beside another can still come.
    assert world.store.backlog(world.channel.id, NOW - DAY) == [fourth]
    (other,) = world.add(episode(9))
    world.store.save_insights(world.take("transcribe", other), two, (), NOW)
    assert [i.headline for i in world.store.insights(two)] == ["Claim 2"]


def test_what_was_weighed_is_frozen_with_the_digest(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1))
    (pick,) = world.store.backlog(world.channel.id, NOW - DAY)
    learned = Leaning(kind="show", name="Tree Talk", weight=0.1, useful=3, useless=1, people=2)
    why = Why(score=0.5, preferred=1.3, topics=("trees",), taste=1.1, leanings=(learned,), outside=True)
    follows = Follow(insight_id=7, headline="Trees cool", digest_id=3, local_date=(NOW - DAY).date())
    made = world.compose([replace(pick, follows=follows, why=why)])
    assert made.picks == (Pick(insight=pick.insight, episode=pick.episode, follows=follows, why=why),)
