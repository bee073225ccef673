"""Errata: from a member's doubt to the edited post, in one channel and in no stranger's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import commands, digest
from bot.cli.errata import examples, unnamed
from bot.domain import Channel, Digest, Episode, Erratum, Flag, Insight, Reading, Segment, Source, Transcript
from bot.errors import PublishError, Unreachable
from bot.export import markdown, readwise
from bot.store.memory import MemoryStore
from bot.threads import Said, heard
from bot.training.gate_pairs import Pair
from bot.views import Button, Item, plain
from bot.write.recheck import TranscriptChecker
from tests.golden_digest import DIGEST, PICKS
from tests.store_kit import DAY, NOW, World, episode, insight, opener, store, withdrawn, world
from tests.test_commands import FakeCore, core_with_post, say

__all__ = ["opener", "store", "world"]

HEADLINE = "Bread matters, but to Episode 0 only"
TEXT = " ".join(["Bread matters to the first episode and to nobody else, as the channel has found out."] * 3)


def flag(channel_id: int, insight_id: int, user: str = "U1", **given: Any) -> Flag:
    made = Flag(channel_id=channel_id, insight_id=insight_id, user=user, reason="No.", flagged_at=NOW)
    return replace(made, **given)


def erratum(insight_id: int, channel_id: int | None, verdict: Any = "withdrawn") -> Erratum:
    return Erratum(insight_id=insight_id, channel_id=channel_id, verdict=verdict, decided_at=NOW)


def other_channel(world: World, workspace: str, name: str = "C9") -> World:
    made = replace(world.channel, id=0, platform="slack", workspace=workspace, name=name)
    channel = world.store.save_channel(made)
    world.store.subscribe(replace(world.store.subscriptions()[0], channel_id=channel.id))
    return replace(world, channel=channel)


# The store, each of the three


def test_a_person_s_later_flag_replaces_the_earlier_one(world: World) -> None:
    about = withdrawn(world).picks[0].insight.id
    first = world.store.flag(flag(world.channel.id, about))
    again = world.store.flag(flag(world.channel.id, about, reason="Not so."))
    other = world.store.flag(flag(world.channel.id, about, user="U2"))
    assert first.id == again.id != other.id
    assert [f.reason for f in world.store.flags(world.channel.id)] == ["Not so.", "No."]
    assert world.store.flags(world.channel.id + 99) == []


def test_the_latest_decision_counts_and_one_for_all_counts_more(world: World) -> None:
    made, here = withdrawn(world), world.channel.id
    about = made.picks[0].insight.id
    assert world.store.errata([about], here)[about].verdict == "withdrawn"
    assert world.store.errata([about]) == {} and world.store.errata([], here) == {}
    world.store.decide(erratum(about, here, "dismissed"))
    assert world.store.errata([about], here) == {}
    assert world.store.digest(made.id).picks[0].erratum is None
    world.store.decide(erratum(about, None))
    world.store.decide(erratum(about, here, "corrected"))
    assert world.store.errata([about], here)[about].channel_id is None
    assert world.store.errata([about])[about].verdict == "withdrawn"
    assert [e.verdict for e in world.store.decided()] == ["withdrawn", "dismissed", "withdrawn", "corrected"]


def test_a_decision_settles_its_channel_s_flags_and_notes_its_posts_alone(world: World) -> None:
    made = withdrawn(world)
    theirs = other_channel(world, "T2")
    about = made.picks[0].insight.id
    posted = theirs.compose(list(made.picks))
    world.store.save_post(world.take("publish", posted.id), world.post_of(posted))
    for channel in (world.channel, theirs.channel):
        world.store.flag(flag(channel.id, about))
    world.store.decide(erratum(about, theirs.channel.id, "corrected"))
    assert [f.status for f in world.store.flags()] == ["open", "corrected"]
    assert len(world.store.revisions(made.id)) == len(world.store.revisions(posted.id)) == 1
    assert world.store.pending("revise", NOW) == [made.id, posted.id]
    world.store.decide(erratum(about, None))
    assert [f.status for f in world.store.flags()] == ["withdrawn", "corrected"]
    assert len(world.store.revisions(made.id)) == len(world.store.revisions(posted.id)) == 2


def test_what_is_decided_while_a_post_is_edited_goes_on_waiting(world: World) -> None:
    made = withdrawn(world)
    claim, shown = world.take("revise", made.id), world.store.revisions(made.id)
    later = world.store.decide(erratum(made.picks[0].insight.id, world.channel.id, "corrected"))
    world.store.save_revision(claim, shown)
    assert world.store.revisions(made.id) == [later.id]
    assert world.store.pending("revise", NOW) == [made.id]
    world.store.save_revision(world.take("revise", made.id), [later.id])
    assert world.store.pending("revise", NOW) == []


def test_a_post_in_trouble_waits_and_one_not_posted_needs_no_edit_yet(world: World) -> None:
    made = withdrawn(world)
    channel = world.store.save_channel(replace(world.channel, trouble="It is gone."))
    assert world.store.pending("revise", NOW) == []
    world.store.save_channel(replace(channel, trouble=""))
    assert world.store.pending("revise", NOW) == [made.id]


@pytest.mark.parametrize(
    ("workspace", "name", "is_offered"),
    [("T1", "C1", False), ("T1", "C2", False), ("T2", "C1", True), ("", "D1", True)],
)
def test_what_a_workspace_withdrew_is_not_posted_there_again_but_elsewhere(
    world: World, workspace: str, name: str, is_offered: bool
) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1))
    first = other_channel(world, "T1", "C1").channel
    about = world.store.insights(id_)[0].id
    world.store.decide(erratum(about, first.id))
    there = other_channel(world, workspace, name).channel
    assert bool(world.store.backlog(there.id, NOW - DAY)) == is_offered
    world.store.decide(erratum(about, first.id, "dismissed"))
    assert world.store.backlog(there.id, NOW - DAY)
    world.store.decide(erratum(about, None))
    assert world.store.backlog(there.id, NOW - DAY) == []


def test_direct_conversations_have_no_say_over_one_another(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "compose", insight(1))
    one, two = (other_channel(world, "", name).channel for name in ("D1", "D2"))
    world.store.decide(erratum(world.store.insights(id_)[0].id, one.id))
    assert world.store.backlog(one.id, NOW - DAY) == []
    assert len(world.store.backlog(two.id, NOW - DAY)) == 1


def test_what_is_withdrawn_for_all_is_named_beside_nothing_and_its_posts_are_edited(world: World) -> None:
    one, two = world.add(episode(1), episode(2))
    for id_ in (one, two):
        world.bring(id_, "compose", insight(1))
    main, same = world.store.backlog(world.channel.id, NOW - DAY)
    made = world.compose([replace(main, also=(same,))])
    world.store.save_post(world.take("publish", made.id), world.post_of(made))
    world.store.decide(erratum(same.insight.id, None))
    assert world.store.digest(made.id).picks == (main,)
    assert world.store.pending("revise", NOW) == [made.id]


def test_a_correction_that_was_given_up_on_begins_anew_with_the_next_decision(world: World) -> None:
    made = withdrawn(world)
    world.store.fail(world.take("revise", made.id), "It can't be edited.", None)
    assert world.store.pending("revise", NOW) == []
    world.store.decide(erratum(made.picks[0].insight.id, world.channel.id, "dismissed"))
    assert world.store.pending("revise", NOW) == [made.id]
    assert world.take("revise", made.id).attempt == 1


def test_a_forgotten_workspace_leaves_no_flag_and_no_decision(world: World) -> None:
    made = withdrawn(world)
    theirs = other_channel(world, "T2")
    about = made.picks[0].insight.id
    posted = theirs.compose(list(made.picks))
    world.store.save_post(world.take("publish", posted.id), world.post_of(posted))
    world.store.flag(flag(theirs.channel.id, about))
    world.store.decide(erratum(about, theirs.channel.id))
    world.store.decide(erratum(about, None))
    assert world.store.forget_workspace("slack", "T2") == 1
    assert world.store.flags() == []
    assert [e.channel_id for e in world.store.decided()] == [world.channel.id, None]
    assert world.store.pending("revise", NOW) == [made.id]


def test_an_insight_that_was_decided_about_stays_for_the_record(world: World) -> None:
    (id_,) = world.add(episode())
    world.bring(id_, "write")
    world.store.save_insights(world.take("write", id_), id_, (insight(1),), NOW)
    [wrong] = world.store.insights(id_)
    world.store.decide(erratum(wrong.id, None))
    assert world.store.insight(wrong.id) == wrong


# The check


def checked(text: str, quote: str = "Flour is ten percent, she said.") -> Any:
    said = ("Welcome back.", "Flour is ten percent, she said.", "Wages are not a half of it.")
    segments = tuple(
        Segment(start=n * 5.0, end=n * 5.0 + 4, speaker="Ana", text=s) for n, s in enumerate(said)
    )
    source = Source(episode=Episode(guid="g"), transcript=Transcript(segments=segments, model="m"))
    made = Insight(headline="Flour is a tenth", text=text, quote=quote, start=5.0)
    blank = Reading(sentences=(), passages=(), model="")
    return TranscriptChecker().recheck(made, Episode(guid="g", title="Bread", show="Oven"), source, blank)


def test_only_what_is_certain_is_unsupported_and_the_rest_is_doubt() -> None:
    assert checked("Flour is 10 percent.") == checked("Flour is ten percent.")
    assert checked("Flour is ten percent.").unsupported == ()
    assert "30" in checked("Flour is 30 percent.").unsupported[0]
    assert "quote" in checked("Flour is ten percent.", "Flour is free, she said.").unsupported[0]
    assert checked("Flour is ten percent.", "flour is ten percent she said").unsupported == ()
    turned = checked("Flour is ten percent. Wages are a half of it.")
    assert turned.unsupported == () and turned.doubts
    assert any("Zanzibar" in doubt or "zanzibar" in doubt for doubt in checked("In Zanzibar it is.").doubts)


@pytest.mark.parametrize("text", ["Too short.", f"{TEXT} See https://evil.example/x", f"{TEXT} <!channel>"])
def test_a_correction_is_held_to_the_limits_of_an_insight(text: str) -> None:
    assert TranscriptChecker().misfit(HEADLINE, text)
    assert TranscriptChecker().misfit(HEADLINE, TEXT) == ()


# From the doubt to the edited post


@pytest.fixture
def core() -> FakeCore:
    return core_with_post()[0]


def revised(core: FakeCore) -> list[Digest]:
    core.world.settle()
    return core.world.engines.console.revised


def test_a_flag_is_answered_with_what_was_said_and_changes_nothing_by_itself(core: FakeCore) -> None:
    told = say(core, "/wrong 1 Bread doesn't matter")
    assert "noted as wrong" in told and "bread matters to Episode 0. trees matters" in told
    assert "quote is in the transcript" in told and "/errata" in told
    assert revised(core) == []
    listed = say(core, "/errata")
    assert "Bread doesn't matter" in listed and "/errata withdraw" in listed


def number_of(core: FakeCore) -> int:
    return core.store.flags()[-1].id


def test_a_withdrawal_is_shown_in_the_post_once(core: FakeCore) -> None:
    say(core, "/wrong 1 Nobody said so.")
    assert "Withdrawn" in say(core, f"/errata withdraw {number_of(core)}")
    [shown] = revised(core)
    text = plain(digest.view(shown), 1000)
    assert (
        "1. [withdrawn] " in text and "Withdrawn on 24 November 2026 by the channel: Nobody said so." in text
    )
    assert shown.picks[0].insight.text not in text and shown.picks[1].insight.text in text
    assert len(revised(core)) == 1 and say(core, "/insights") == plain(digest.view(shown), 1000)
    assert "gone already" in say(core, "/wrong 1 again")
    assert "Nobody has called" in say(core, "/errata")


def test_a_correction_says_whose_words_it_has(core: FakeCore) -> None:
    say(core, "/wrong 2")
    assert "35 to 65" in say(core, f'/errata correct headline:"{HEADLINE}" {number_of(core)} Too short.')
    say(core, f'/errata correct headline:"{HEADLINE}" {number_of(core)} {TEXT}')
    [shown] = revised(core)
    text = plain(digest.view(shown), 2000)
    assert HEADLINE in text and TEXT in text and "Corrected on 24 November 2026 by the channel." in text
    assert shown.picks[1].insight.headline not in text and shown.picks[1].insight.quote in text
    say(core, f"/errata dismiss {number_of(core)}")
    assert revised(core)[-1].picks[1].erratum is None, "what was decided by mistake can be taken back"


def test_letting_it_stand_edits_nothing(core: FakeCore) -> None:
    say(core, "/wrong 1")
    assert "It stands" in say(core, f"/errata dismiss {number_of(core)}")
    assert revised(core) == [] and core.store.flags()[0].status == "dismissed"


def test_what_the_transcript_refutes_is_withdrawn_for_all_at_once(core: FakeCore) -> None:
    store = core.store
    assert isinstance(store, MemoryStore)
    pick = store.digests(1)[0].picks[0]
    heard_now = Transcript(segments=(Segment(start=0.0, end=5.0, text="Nothing of it."),), model="m")
    store._on.transcripts[pick.episode.id] = heard_now
    told = say(core, "/wrong 1")
    assert "withdrawn everywhere" in told and "the quote is not in the transcript" in told
    [shown] = revised(core)
    assert "after a check against the transcript" in plain(digest.view(shown), 1000)
    assert "gone already" in say(core, f"/errata dismiss {number_of(core)}")


def test_only_admins_decide_where_only_admins_may(core: FakeCore) -> None:
    channel = core.store.save_channel(replace(core.store.channel(1), admins_only=True))
    run = lambda line: plain(commands.run(core, channel, line, user="U1", is_admin=False))  # noqa: E731
    assert "noted as wrong" in run("/wrong 1 no")
    number = number_of(core)
    for line in (f"withdraw {number}", f"dismiss {number}", f'correct headline:"{HEADLINE}" {number} {TEXT}'):
        assert "Only admins" in run(f"/errata {line}")
    assert core.store.decided() == []


def test_another_channel_s_case_can_not_be_decided(core: FakeCore) -> None:
    say(core, "/wrong 1")
    stranger = core.store.save_channel(Channel(platform="slack", workspace="T2", name="C1"))
    for action in ("withdraw", "dismiss"):
        told = plain(commands.run(core, stranger, f"/errata {action} {number_of(core)}"))
        assert "Which one?" in told
    post = core.store.digests(1)[0].id
    assert "another channel" in plain(commands.run(core, stranger, f"/wrong post:{post} 1 no"))
    assert core.store.decided() == [] and len(core.store.flags()) == 1


RUBBISH = (
    "/wrong",
    "/wrong 9",
    "/wrong x",
    "/wrong post:99999999999 1e9",
    "/wrong post:999 1",
    "/errata withdraw",
    "/errata correct 1",
    "/errata withdraw 99",
    "/errata list -3",
)


@pytest.mark.parametrize("line", RUBBISH)
def test_rubbish_is_answered_in_words(core: FakeCore, line: str) -> None:
    assert say(core, line)
    assert core.store.decided() == []


def test_the_button_opens_a_form_that_knows_its_post(core: FakeCore) -> None:
    made = core.store.digests(1)[0]
    button = next(b for b in digest.view(made).parts if isinstance(b, Button) and b.label == "Wrong?")
    _, _, options = commands.parse(button.command)
    form = commands.form(core, core.store.channel(1), "wrong", "", options)
    assert form is not None and form.command == f"/wrong post:{made.id} 1"
    asked = commands.Request(channel=core.store.channel(1), options={"reason": "So it is not."})
    assert "noted" in plain(commands.submit(core, form.command, asked))
    correct = commands.form(
        core, core.store.channel(1), "errata", "correct", {"number": str(number_of(core))}
    )
    assert correct is not None and correct.fields[0].value == made.picks[0].insight.headline
    assert commands.form(core, core.store.channel(1), "wrong", "", {"number": "1", "reason": "x"}) is None


def test_answers_in_the_thread_say_that_it_was_withdrawn(core: FakeCore) -> None:
    say(core, "/wrong 1 Untrue")
    say(core, f"/errata withdraw {number_of(core)}")
    made = core.store.digests(1)[0]
    said = Said(user="U1", text="why 1?", said_at=core.clock(), mentioned=True)
    view = heard(core, core.store.channel(1), made.id, said)
    assert view is not None and "Withdrawn on 24 November 2026 by the channel: Untrue." in plain(view, 500)
    assert "Withdrawn on" in say(core, "/dig 1")


# Crashes, refusals, strangers


def test_an_edit_whose_reply_was_lost_is_made_again_and_ends(core: FakeCore) -> None:
    say(core, "/wrong 1")
    say(core, f"/errata withdraw {number_of(core)}")
    console = core.world.engines.console
    console.lose_reply = True
    assert len(revised(core)) == 1
    console.lose_reply = False
    core.world.clock.forward(hours=1)
    assert len(revised(core)) == 2 and core.store.pending("revise", core.clock()) == []
    assert console.revised[0] == console.revised[1] and len(console.posts) == 1


def test_a_process_that_dies_between_deciding_and_editing_loses_no_edit(core: FakeCore) -> None:
    say(core, "/wrong 1")
    say(core, f"/errata withdraw {number_of(core)}")
    [subject] = core.store.pending("revise", core.clock())
    assert core.store.claim("revise", subject, core.clock(), 30.0)  # and is never heard of again
    assert revised(core) == []
    core.world.clock.forward(minutes=1)
    assert len(revised(core)) == 1


@pytest.mark.parametrize("refusal", [PublishError("Wait.", retry_after_s=600.0), Unreachable("Gone.")])
def test_a_channel_that_refuses_is_tried_again_or_left_alone(core: FakeCore, refusal: PublishError) -> None:
    say(core, "/wrong 1")
    say(core, f"/errata withdraw {number_of(core)}")
    console = core.world.engines.console
    console.refuses = refusal
    assert revised(core) == []
    trouble = core.store.channel(1).trouble
    assert trouble == ("Gone." if isinstance(refusal, Unreachable) else "")
    core.store.save_channel(replace(core.store.channel(1), trouble=""))
    console.refuses = None
    core.world.clock.forward(minutes=9)
    assert isinstance(refusal, Unreachable) or revised(core) == []
    core.world.clock.now += timedelta(hours=5)
    assert len(revised(core)) == 1


# Where it is shown, and what is learnt


def errata_of(verdict: Any) -> Digest:
    words = {"headline": HEADLINE, "text": TEXT} if verdict == "corrected" else {}
    said = Erratum(
        id=3, insight_id=11, channel_id=7, verdict=verdict, reason="<!channel> *no*", decided_at=NOW, **words
    )
    return replace(DIGEST, picks=(replace(PICKS[0], erratum=said), *PICKS[1:]))


def test_withdrawn_and_corrected_insights_in_exports() -> None:
    old = PICKS[0].insight
    note, csv = markdown("T", [errata_of("withdrawn")]), readwise("T", [errata_of("withdrawn")])
    assert f"~~{old.headline}~~" in note and old.text not in note and "Withdrawn on" in note
    assert "[withdrawn]" in csv and old.text not in csv
    note, csv = markdown("T", [errata_of("corrected")]), readwise("T", [errata_of("corrected")])
    for shown in (note, csv):
        assert HEADLINE in shown and old.headline not in shown and "Corrected on" in shown


def test_a_withdrawn_insight_keeps_its_number_and_loses_its_buttons() -> None:
    view = digest.view(errata_of("withdrawn"))
    [first] = [part for part in view.parts if isinstance(part, Item) and part.struck]
    assert first.number == 1 and first.note and not first.text
    assert [b.command for b in view.parts if isinstance(b, Button) and b.item == 1] == ["/dig 1"]


def test_examples_have_the_fields_of_the_gate_s_pairs_and_name_nobody(core: FakeCore) -> None:
    say(core, "/wrong 1 Ask <@U123> in <#C9|secret> or mail ann@work.example, @bob")
    say(core, f"/errata withdraw {number_of(core)}")
    [one] = examples(core.store, core.store.decided(), core.store.flags())
    own = {name: one[name] for name in Pair.__dataclass_fields__ if name != "before"}
    assert Pair(**own).kind == "withdrawn" and one["passage"][one["evidence"][0]]["text"] == one["quote"]
    told = json.dumps(one)
    assert not any(name in told for name in ("U123", "C9", "secret", "ann@", "bob", '"user"', "channel_id"))
    assert "Ask … in … or mail …" in one["wrong"][0] and one["models"]["writer"]
    assert unnamed("3 @ 4 #1") == "3 @ 4 …"
