"""The contract of the store, on all three: units of work, leases and fences."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.domain import STAGES, Changes, Channel, Claim, Digest, Stage, WorkRow
from bot.errors import LeaseLost
from bot.ports import Store
from tests.store_kit import (
    AFTER_LEASE,
    DAY,
    HOUR,
    LEASE_S,
    NOW,
    READING,
    TRANSCRIPT,
    Opener,
    World,
    episode,
    insight,
    withdrawn,
)


def test_each_stage_finds_what_lacks_its_form(world: World) -> None:
    (id_,) = world.add(episode())
    for stage, following in pairwise(STAGES[1:5]):
        assert world.store.pending(stage, NOW) == [id_]
        _saves(world, stage, id_)(world.take(stage, id_))
        assert world.store.pending(stage, NOW) == []
        assert following == "compose" or world.store.pending(following, NOW) == [id_]


def test_episodes_are_done_newest_first_and_only_wanted_ones(world: World) -> None:
    old, new, undated, _, _ = world.add(
        episode(3),
        episode(1),
        episode(2, published_at=None),
        episode(4, status="seen"),
        episode(5, status="skipped"),
    )
    assert world.store.pending("transcribe", NOW) == [new, old, undated]
    assert world.store.pending("transcribe", NOW, limit=1) == [new]
    world.store.save_episode(replace(world.store.episode(new), status="skipped"))
    assert world.store.pending("transcribe", NOW) == [old, undated]
    assert world.store.claim("transcribe", new, NOW, LEASE_S) is None


def test_an_unusable_transcript_is_kept_and_not_read(world: World) -> None:
    (id_,) = world.add(episode())
    bad = replace(TRANSCRIPT, usable=False, warnings=("It repeats itself.",))
    world.store.save_transcript(world.take("transcribe", id_), id_, bad)
    assert world.store.transcript(id_) == bad
    assert world.store.pending("transcribe", NOW) == world.store.pending("read", NOW) == []


def test_an_episode_without_insights_is_written_all_the_same(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "write")
    world.store.save_insights(world.take("write", id_), id_, (), NOW)
    assert world.store.pending("write", NOW) == []


def test_nothing_to_save_is_done_too(world: World) -> None:
    (id_,) = world.add(episode())
    world.store.done(world.take("transcribe", id_))
    assert world.store.pending("transcribe", NOW) == []


def test_channels_are_due_at_their_time_unless_paused(world: World) -> None:
    late = world.store.save_channel(Channel(name="late", next_post_at=NOW - HOUR))
    due = world.store.save_channel(Channel(name="due", next_post_at=NOW))
    world.store.save_channel(Channel(name="later", next_post_at=NOW + HOUR))
    world.store.save_channel(Channel(name="paused", next_post_at=NOW, paused=True))
    assert world.store.pending("compose", NOW) == [late.id, due.id]


def test_a_claim_keeps_others_off_until_its_lease_ends(world: World) -> None:
    (id_,) = world.add(episode())
    claim = world.take("transcribe", id_)
    assert (claim.attempt, claim.fence) == (1, 1)
    just_before = AFTER_LEASE - timedelta(seconds=1)
    assert world.store.claim("transcribe", id_, just_before, LEASE_S) is None
    assert world.store.pending("transcribe", just_before) == []
    assert world.store.pending("transcribe", AFTER_LEASE) == [id_]
    assert world.store.renew(claim, just_before, LEASE_S)
    assert world.store.pending("transcribe", AFTER_LEASE) == []


def test_a_lease_that_ended_is_taken_over_with_a_higher_fence(world: World) -> None:
    (id_,) = world.add(episode())
    old = world.take("transcribe", id_)
    new = world.take("transcribe", id_, AFTER_LEASE)
    assert (new.attempt, new.fence) == (2, 2)
    assert not world.store.renew(old, AFTER_LEASE, LEASE_S)
    assert world.store.renew(new, AFTER_LEASE, LEASE_S)


def test_a_late_worker_whom_nobody_relieved_may_still_save(world: World) -> None:
    (id_,) = world.add(episode())
    claim = world.take("transcribe", id_)
    assert world.store.pending("transcribe", NOW + DAY) == [id_]
    world.store.save_transcript(claim, id_, TRANSCRIPT)
    assert world.store.pending("transcribe", NOW + DAY) == []


def _saves(world: World, stage: Stage, subject: int) -> Callable[[Claim], None]:
    store = world.store
    later = replace(world.channel, next_post_at=NOW + DAY)
    digest = Digest(channel_id=world.channel.id, local_date=NOW.date(), created_at=NOW)
    table: dict[Stage, Callable[[Claim], None]] = {
        "refresh": lambda c: store.save_poll(
            c, replace(world.feed, title="Late", next_check_at=NOW + DAY), Changes(new=(episode(9),))
        ),
        "transcribe": lambda c: store.save_transcript(c, subject, TRANSCRIPT),
        "read": lambda c: store.save_reading(c, subject, READING),
        "write": lambda c: store.save_insights(c, subject, (insight(),), NOW),
        "compose": lambda c: store.save_digest(c, digest, later),
        "publish": lambda c: store.save_post(c, world.post_of(replace(digest, id=subject))),
        "revise": lambda c: store.save_revision(c, store.revisions(subject)),
    }
    return table[stage]


def _ready(world: World, stage: Stage) -> int:
    """A subject that is pending in this stage."""
    if stage == "refresh":
        return world.feed.id
    if stage == "compose":
        return world.store.save_channel(replace(world.channel, next_post_at=NOW)).id
    if stage == "publish":
        return world.compose([]).id
    if stage == "revise":
        return withdrawn(world).id
    (id_,) = world.add(episode())
    world.bring(id_, stage)
    return id_


def _everything(store: Store, world: World) -> list[object]:
    feed, channel = world.feed.id, world.channel.id
    episodes = store.episodes(feed)
    made = [(store.transcript(e.id), store.reading(e.id), store.insights(e.id)) for e in episodes]
    digests = store.digests(channel)
    posts = [(store.post(d.id), store.revisions(d.id)) for d in digests]
    return [
        store.feed(feed),
        episodes,
        made,
        store.channel(channel),
        digests,
        posts,
        store.work(unfinished=False),
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_who_lost_the_lease_saves_nothing(world: World, stage: Stage) -> None:
    subject = _ready(world, stage)
    old = world.take(stage, subject)
    new = world.take(stage, subject, AFTER_LEASE)
    before = _everything(world.store, world)
    with pytest.raises(LeaseLost):
        _saves(world, stage, subject)(old)
    with pytest.raises(LeaseLost):
        world.store.done(old)
    world.store.fail(old, "It is late.", None)
    assert _everything(world.store, world) == before
    _saves(world, stage, subject)(new)
    assert _everything(world.store, world) != before
    assert subject not in world.store.pending(stage, AFTER_LEASE)


def test_a_claim_serves_once(world: World) -> None:
    (id_,) = world.add(episode())
    claim = world.take("transcribe", id_)
    world.store.save_transcript(claim, id_, TRANSCRIPT)
    with pytest.raises(LeaseLost):
        world.store.save_transcript(claim, id_, replace(TRANSCRIPT, model="again"))
    assert world.store.transcript(id_) == TRANSCRIPT
    assert not world.store.renew(claim, NOW, LEASE_S)


def test_a_failed_attempt_waits_and_counts(world: World) -> None:
    (id_,) = world.add(episode())
    world.store.fail(world.take("transcribe", id_), "The disk\0 is full.", NOW + HOUR)
    assert world.store.pending("transcribe", NOW) == []
    assert world.store.claim("transcribe", id_, NOW, LEASE_S) is None
    assert world.store.work() == [
        WorkRow(
            stage="transcribe",
            subject=id_,
            status="open",
            attempt=1,
            fence=1,
            lease_until=None,
            not_before=NOW + HOUR,
            error="The disk is full.",
        )
    ]
    assert world.store.pending("transcribe", NOW + HOUR) == [id_]
    assert world.take("transcribe", id_, NOW + HOUR).attempt == 2


def test_a_failure_that_does_not_count_takes_its_attempt_back(world: World) -> None:
    (id_,) = world.add(episode())
    for _ in range(3):
        claim = world.take("transcribe", id_)
        assert claim.attempt == 1
        world.store.fail(claim, "No network.", NOW, counts=False)
    assert [(row.attempt, row.error) for row in world.store.work()] == [(0, "No network.")]
    claim = world.take("transcribe", id_)
    world.store.retry("transcribe", id_)
    world.store.fail(claim, "No network.", NOW, counts=False)
    assert [row.attempt for row in world.store.work()] == [0]


def test_what_is_set_aside_stays_so_until_retried(world: World) -> None:
    (id_,) = world.add(episode())
    world.store.fail(world.take("transcribe", id_), "It is no audio.", None)
    assert world.store.pending("transcribe", NOW + 365 * DAY) == []
    (row,) = world.store.work()
    assert (row.status, row.error) == ("set aside", "It is no audio.")
    assert world.store.retry("transcribe", id_)
    assert world.store.pending("transcribe", NOW) == [id_]
    again = world.take("transcribe", id_)
    assert (again.attempt, again.fence) == (1, 2)


def test_retry_ends_a_wait_and_knows_only_unfinished_work(world: World) -> None:
    done, waits, never = world.add(episode(1), episode(2), episode(3))
    world.bring(done, "read")
    world.store.fail(world.take("transcribe", waits), "Busy.", NOW + HOUR)
    assert world.store.retry("transcribe", waits)
    assert waits in world.store.pending("transcribe", NOW)
    assert not world.store.retry("transcribe", done)
    assert not world.store.retry("transcribe", never)
    assert done not in world.store.pending("transcribe", NOW)


@pytest.mark.parametrize("stage", ["refresh", "compose"])
def test_what_comes_round_again_is_due_by_its_time_and_counts_afresh(world: World, stage: Stage) -> None:
    subject = _ready(world, stage)
    world.store.fail(world.take(stage, subject), "Busy.", NOW)
    claim = world.take(stage, subject)
    assert claim.attempt == 2
    if stage == "refresh":
        world.store.save_poll(claim, replace(world.feed, next_check_at=NOW + HOUR), Changes())
    else:
        world.store.save_digest(claim, None, replace(world.channel, next_post_at=NOW + HOUR))
    assert world.store.pending(stage, NOW) == []
    # A second worker that saw it pending a moment ago must not do it again.
    assert world.store.claim(stage, subject, NOW, LEASE_S) is None
    assert world.store.pending(stage, NOW + HOUR) == [subject]
    again = world.take(stage, subject, NOW + HOUR)
    assert (again.attempt, again.fence) == (1, 3)


def test_work_is_listed_by_stage_and_the_finished_only_when_asked(world: World) -> None:
    one, two = world.add(episode(1), episode(2))
    world.bring(one, "write")
    world.take("write", one)
    world.take("transcribe", two)
    assert [(r.stage, r.subject) for r in world.store.work()] == [("transcribe", two), ("write", one)]
    assert [(r.stage, r.subject, r.status) for r in world.store.work(unfinished=False)] == [
        ("transcribe", one, "done"),
        ("transcribe", two, "open"),
        ("read", one, "done"),
        ("write", one, "open"),
    ]


def test_of_many_workers_exactly_one_gets_each_unit(opener: Opener, world: World) -> None:
    ids = world.add(*(episode(n) for n in range(1, 9)))
    workers = [opener() for _ in range(4)]
    won: list[tuple[int, int]] = []
    start = threading.Barrier(len(workers))

    def work(store: Store) -> None:
        start.wait()
        for id_ in ids:
            claim = store.claim("transcribe", id_, NOW, LEASE_S)
            if claim is not None:
                won.append((id_, claim.fence))

    threads = [threading.Thread(target=work, args=(store,)) for store in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [(id_, 1) for id_ in sorted(ids)]


def test_what_one_process_saves_another_sees_at_once(opener: Opener, world: World) -> None:
    other = opener()
    (id_,) = world.add(episode())
    claim = other.claim("transcribe", id_, NOW, LEASE_S)
    assert claim is not None
    assert world.store.pending("transcribe", NOW) == []
    other.save_transcript(claim, id_, TRANSCRIPT)
    assert world.store.transcript(id_) == TRANSCRIPT
    assert world.store.pending("read", NOW) == [id_]
