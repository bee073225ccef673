"""The contract of the store, on all three: workspaces, marks, threads, ratings, deliveries and secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import Channel, Provenance, Rated, Rating, Spent, Subscription, Turn
from bot.ports import Store
from tests.store_kit import DAY, HOUR, NOW, TRANSCRIPT, World, episode, insight


def turn(digest_id: int, number: int) -> Turn:
    return Turn(
        digest_id=digest_id, position=1, user="U1", question=f"Why {number}?", answer="So.", asked_at=NOW
    )


def rating(channel_id: int, insight_id: int, useful: bool, at: datetime = NOW) -> Rating:
    return Rating(channel_id=channel_id, insight_id=insight_id, user="U1", useful=useful, rated_at=at)


def test_answers_keep_who_made_them_and_are_found_by_their_time(world: World) -> None:
    kept = world.compose([])
    cost = Provenance(
        writer="w",
        prompt="ab12",
        rung="endpoint",
        tokens=9,
        tokens_out=4,
        seconds=1.5,
        others=(Spent(rung="extractive", seconds=0.5),),
    )
    late = replace(turn(kept.id, 2), found=True, provenance=cost, asked_at=NOW + HOUR)
    for one in (late, turn(kept.id, 1)):
        world.store.save_turn(one)
    assert world.store.turns_since(NOW) == [turn(kept.id, 1), late]
    assert world.store.turns_since(NOW + HOUR) == [late]
    assert world.store.turns_since(NOW + 2 * HOUR) == []


def test_one_name_in_two_workspaces_is_two_channels(store: Store) -> None:
    one = store.save_channel(Channel(platform="slack", workspace="T1", name="C1", mute=("a b", "c")))
    two = store.save_channel(Channel(platform="slack", workspace="T2", name="C1"))
    assert one.id != two.id
    assert store.find_channel("slack", "T1", "C1") == store.channel(one.id) == one
    assert store.find_channel("slack", "T3", "C1") is store.find_channel("discord", "T1", "C1") is None


def test_a_transcript_s_mark_stays_and_is_another_s_no_more(world: World) -> None:
    one, two, bad = world.add(episode(1), episode(2), episode(3))
    spoken = replace(TRANSCRIPT, segments=TRANSCRIPT.segments * 2)
    for id_, transcript in ((one, TRANSCRIPT), (two, spoken), (bad, replace(TRANSCRIPT, usable=False))):
        world.store.save_transcript(world.take("transcribe", id_), id_, transcript)
    marks = world.store.marks([world.feed.id])
    assert marks.keys() == {one, two} and marks[one] != marks[two]
    assert world.store.marks([world.feed.id]) == marks
    assert world.store.marks([]) == world.store.marks([world.feed.id + 99]) == {}


def test_a_channel_in_trouble_is_neither_composed_nor_posted_to(world: World) -> None:
    made = world.compose([])
    due = world.store.save_channel(replace(world.channel, next_post_at=NOW, trouble="It is gone."))
    assert world.store.pending("compose", NOW) == world.store.pending("publish", NOW) == []
    assert world.store.claim("publish", made.id, NOW, 30) is None
    world.store.save_channel(replace(due, trouble=""))
    assert world.store.pending("compose", NOW) == [due.id]
    assert world.store.pending("publish", NOW) == [made.id]


def test_a_workspace_is_forgotten_with_all_that_is_its_own_and_nothing_else(world: World) -> None:
    store = world.store
    id_, beside = world.add(episode(), episode(2))
    world.bring(id_, "compose", insight(1))
    world.bring(beside, "compose", insight(2))
    kept = world.compose(store.backlog(world.channel.id, NOW - DAY))
    store.save_turn(turn(kept.id, 1))
    gone = store.save_channel(replace(world.channel, id=0, platform="slack", workspace="T1", name="C1"))
    store.subscribe(Subscription(channel_id=gone.id, feed_id=world.feed.id))
    theirs = World(store=store, feed=world.feed, channel=gone)
    first, second = store.backlog(gone.id, NOW - DAY)
    made = theirs.compose([replace(first, also=(second,))])
    assert made.picks[0].also
    store.save_post(world.take("publish", made.id), theirs.post_of(made))
    store.save_turn(turn(made.id, 2))
    store.rate(rating(gone.id, made.picks[0].insight.id, True))
    assert store.forget_workspace("slack", "T1") == 1
    assert store.channels() == [store.channel(world.channel.id)]
    assert store.subscriptions(gone.id) == store.digests(gone.id) == store.turns(made.id) == []
    assert store.ratings(gone.id) == [] and store.post(made.id) is None
    assert store.digest(kept.id) == kept and store.turns(kept.id) == [turn(kept.id, 1)]
    assert store.forget_workspace("slack", "T1") == 0


def test_a_post_is_found_by_its_message_or_thread_in_its_own_channel(world: World) -> None:
    made = world.compose([])
    post = replace(world.post_of(made), message_id="m9", thread_id="t9")
    world.store.save_post(world.take("publish", made.id), post)
    other = world.store.save_channel(Channel(name="other"))
    assert world.store.digest_at(world.channel.id, "m9") == made.id
    assert world.store.digest_at(world.channel.id, "t9") == made.id
    assert world.store.digest_at(world.channel.id, "m1") is None
    assert world.store.digest_at(other.id, "m9") is None


def test_the_latest_turns_come_in_the_order_in_which_they_were_asked(world: World) -> None:
    made = world.compose([])
    for number in range(5):
        world.store.save_turn(turn(made.id, number))
    assert [t.question for t in world.store.turns(made.id, 2)] == ["Why 3?", "Why 4?"]
    assert world.store.turns(made.id)[0] == turn(made.id, 0)


def test_a_later_rating_of_one_person_replaces_the_earlier(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1))
    [found] = world.store.insights(id_)
    world.store.rate(rating(world.channel.id, found.id, True))
    world.store.rate(replace(rating(world.channel.id, found.id, True), user="U2"))
    world.store.rate(rating(world.channel.id, found.id, False, NOW + HOUR))
    assert [(r.user, r.useful) for r in world.store.ratings(world.channel.id)] == [
        ("U2", True),
        ("U1", False),
    ]


def test_what_was_rated_comes_latest_first_and_from_a_time_on(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1), insight(2))
    one, two = world.store.backlog(world.channel.id, NOW - DAY)
    early = rating(world.channel.id, one.insight.id, True)
    late = rating(world.channel.id, two.insight.id, False, NOW + HOUR)
    world.store.rate(early)
    world.store.rate(late)
    both = [Rated(rating=late, pick=two), Rated(rating=early, pick=one)]
    assert world.store.rated(world.channel.id, None) == both
    assert world.store.rated(world.channel.id, None, 1) == both[:1]
    assert world.store.rated(world.channel.id, NOW) == both[:1]
    reset = world.store.save_channel(replace(world.channel, taste_since=NOW + HOUR))
    assert world.store.rated(reset.id, world.store.channel(reset.id).taste_since) == []
    other = world.store.save_channel(Channel(name="other"))
    assert world.store.rated(other.id, None) == []


def test_a_delivery_is_new_once_until_it_is_forgotten(store: Store) -> None:
    assert store.first_time("slack:Ev1", NOW)
    assert not store.first_time("slack:Ev1", NOW)
    assert not store.first_time("slack:Ev1", NOW + HOUR)
    assert store.first_time("slack:Ev2", NOW + HOUR)
    store.forget_notes(NOW + HOUR)
    assert store.first_time("slack:Ev1", NOW + DAY)
    assert not store.first_time("slack:Ev2", NOW + DAY)


def test_a_state_works_once_and_not_for_ever(store: Store) -> None:
    store.first_time("oauth:a", NOW)
    store.first_time("oauth:b", NOW)
    assert store.take("oauth:a", NOW - HOUR)
    assert not store.take("oauth:a", NOW - HOUR)
    assert not store.take("oauth:b", NOW + HOUR)  # too old
    assert not store.take("oauth:b", NOW - HOUR)  # and struck out by that
    assert not store.take("oauth:never", NOW - HOUR)


def test_secrets_are_kept_replaced_listed_and_deleted(store: Store) -> None:
    store.save_secret("slack:T1", "one")
    store.save_secret("slack:T1", "two")
    store.save_secret("slack_%:T2", "other")
    assert (store.secret("slack:T1"), store.secret("slack:T9")) == ("two", None)
    assert store.secrets("slack:") == ["slack:T1"]
    assert store.secrets("slack_%") == ["slack_%:T2"]
    store.delete_secret("slack:T1")
    store.delete_secret("slack:T1")
    assert store.secret("slack:T1") is None
