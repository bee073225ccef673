"""Threads: which messages are meant for Earmark, which insight they mean, and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import threads
from bot.domain import Turn
from bot.threads import Said, in_context, is_for_us, meant
from bot.views import plain
from tests.fakes import START
from tests.golden_digest import DIGEST
from tests.test_commands import FakeCore, core_with_post

TURN = Turn(digest_id=42, position=2, user="U1", question="How was it measured?", answer="…", asked_at=START)


def said(text: str, **given: object) -> Said:
    return replace(Said(user="U1", text=text, said_at=START + timedelta(minutes=1)), **given)  # type: ignore[arg-type]


ASKED = (
    "Why is flour so cheap?",
    "what did she say about rent",
    "Who measured that?",
    "explain number 2",
    "can you explain the third one?",
    "Could you tell me more about naps?",
    "#4?",
    "and wages?",
    "How much cooler was it at night?",
)
LEFT_ALONE = (
    "great post",
    "lol",
    "+1",
    "🎉",
    "   ",
    "Did anyone listen to this?",
    "Should we try that with our flour?",
    "what do you think?",
    "Do you have time for lunch?",
    "Does anybody know the host?",
    "I liked the second one",
    "Let's talk about it in the meeting?",
    "what?",
    "thanks, that is useful.",
)


@pytest.mark.parametrize("text", ASKED)
def test_a_question_in_the_thread_needs_no_name(text: str) -> None:
    talking = [replace(TURN, asked_at=START)]
    assert is_for_us("auto", said(text), talking)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_people_talking_among_themselves_are_left_alone(text: str) -> None:
    assert not is_for_us("auto", said(text), [])


def test_a_message_to_another_person_is_theirs_and_a_mention_is_ours() -> None:
    assert not is_for_us("auto", said("why is flour so cheap?", to_others=True), [])
    assert not is_for_us("all", said("why is flour so cheap?", to_others=True), [])
    assert is_for_us("auto", said("flour", mentioned=True), [])
    assert is_for_us("auto", said("what do you think, is that so?", mentioned=True, to_others=True), [])


def test_the_settings_answer_all_or_only_mentions() -> None:
    assert is_for_us("all", said("flour and rent"), [])
    assert not is_for_us("mentions", said("why is flour so cheap?"), [TURN])
    assert is_for_us("mentions", said("why?", mentioned=True), [])


def test_a_bare_follow_up_is_ours_only_while_the_talk_goes_on() -> None:
    assert is_for_us("auto", said("why?"), [TURN])
    assert not is_for_us("auto", said("why?", said_at=START + timedelta(hours=3)), [TURN])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("why 3?", 3),
        ("#4 please", 4),
        ("tell me more about number 5", 5),
        ("explain the second one", 2),
        ("what is the last one about?", 5),
        ("2. how?", 2),
        ("is flour really that cheap?", 1),
        ("does the street cool at night", 2),
        ("what did Priya say about Mondays?", 4),
        ("number 9 please", 0),
        ("about 30 years?", 0),
        ("who paid for it?", 0),
    ],
)
def test_the_insight_is_meant_by_number_or_by_words(text: str, number: int) -> None:
    assert meant(DIGEST, text, []) == number


def test_without_a_hint_the_one_talked_of_last_is_meant() -> None:
    assert meant(DIGEST, "and why is that?", [TURN]) == 2
    assert meant(DIGEST, "and the first one?", [TURN]) == 1
    assert meant(DIGEST, "do wages go into the price of flour?", [TURN]) == 1


def test_a_follow_up_gets_the_words_it_points_back_to() -> None:
    full = in_context(DIGEST, "why is that?", 2, [TURN])
    assert "shaded street" in full and "How was it measured?" in full and full.endswith("why is that?")
    other = in_context(DIGEST, "why is that?", 1, [TURN])
    assert "Flour" in other and "measured" not in other
    alone = "How much of the price of bread is rent?"
    assert in_context(DIGEST, alone, 1, [TURN]) == alone


@pytest.fixture
def core() -> FakeCore:
    return core_with_post()[0]


def hear(core: FakeCore, text: str, **given: object) -> str | None:
    [made] = core.store.digests(1, 1)
    view = threads.heard(core, core.store.channel(1), made.id, said(text, **given))
    return None if view is None else plain(view)


def test_an_answer_names_its_insight_and_is_remembered(core: FakeCore) -> None:
    [made] = core.store.digests(1, 1)
    shown = hear(core, "number 2, who knows of glass?")
    assert shown is not None and f"On 2: {made.picks[1].insight.headline}" in shown and "— Ana" in shown
    [turn] = core.store.turns(made.id)
    assert (turn.position, turn.user, turn.question) == (2, "U1", "number 2, who knows of glass?")


def test_what_the_episode_does_not_say_is_looked_for_in_the_others_or_refused(core: FakeCore) -> None:
    assert "Not in these episodes" in (hear(core, "number 1, who knows of submarines?") or "")


def test_small_talk_leaves_no_trace(core: FakeCore) -> None:
    [made] = core.store.digests(1, 1)
    assert hear(core, "nice one") is None and core.store.turns(made.id) == []


def test_the_channels_setting_decides(core: FakeCore) -> None:
    core.store.save_channel(replace(core.store.channel(1), thread_answers="mentions"))
    assert hear(core, "who knows of glass?") is None
    assert hear(core, "who knows of glass?", mentioned=True) is not None


def test_a_thread_of_another_channel_says_nothing(core: FakeCore) -> None:
    [made] = core.store.digests(1, 1)
    other = core.store.save_channel(replace(core.store.channel(1), id=0, name="other"))
    assert threads.heard(core, other, made.id, said("who knows of glass?", mentioned=True)) is None
