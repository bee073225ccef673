"""What Slack's payloads are read as: command lines, words without mentions, channels' names."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.payloads import digest_of, is_written, line_of, named, place_of, typed, words_of


@pytest.mark.parametrize(
    ("command", "text", "line"),
    [
        ("/ask", " why? ", "/ask why?"),
        ("/earmark", "", "/help"),
        ("/earmark", "ask why?", "/ask why?"),
        ("/Digest", "HELP", "/help digest"),
        ("/podcasts", "", "/podcasts "),
    ],
)
def test_a_slash_command_is_a_line(command: str, text: str, line: str) -> None:
    assert line_of(command, text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "/help"),
        ("podcasts list", "/podcasts list"),
        ("/dig 2", "/dig 2"),
        ("Digest show", "/Digest show"),
        ("why is bread dear?", "/ask why is bread dear?"),
    ],
)
def test_what_is_said_to_the_bot_is_a_command_or_a_question(text: str, line: str) -> None:
    assert typed(text) == line


@pytest.mark.parametrize(
    ("text", "words", "to_others"),
    [
        ("<@UBOT> why 3?", "why 3?", False),
        ("<@U2|ana>: and <@UBOT>?", ": and ?", True),
        ("see <https://a.example/x|this page> &amp; <#C1|general>", "see this page & general", False),
        ("2 &lt; 3", "2 < 3", False),
    ],
)
def test_words_come_without_slacks_markup(text: str, words: str, to_others: bool) -> None:
    assert words_of(text, "UBOT") == (words, to_others)


@pytest.mark.parametrize(
    ("event", "is_one"),
    [
        ({"user": "U1"}, True),
        ({"user": "U1", "subtype": "thread_broadcast"}, True),
        ({"user": "U1", "subtype": "file_share"}, True),
        ({"user": "U1", "subtype": "channel_join"}, False),
        ({"subtype": "message_changed"}, False),
        ({"user": "U1", "bot_id": "B1"}, False),
    ],
)
def test_only_what_a_person_writes_now_is_heard(event: dict[str, Any], is_one: bool) -> None:
    assert is_written(event) is is_one


def test_conversations_that_slack_does_not_name_have_no_title() -> None:
    names = ("bakers", "privategroup", "directmessage", "mpdm-ana--ben-1")
    assert [named(name) for name in names] == ["bakers", "", "", ""]


def test_a_press_on_the_home_tab_has_no_channel() -> None:
    place = place_of({"user": {"id": "U1", "team_id": "T1"}, "team": None})
    assert (place.team, place.channel, place.user) == ("T1", "", "U1")


@pytest.mark.parametrize(("block_id", "digest"), [("42.3.0", 42), ("0.share.0", 0), ("home.1", 0), ("", 0)])
def test_a_block_tells_its_digest(block_id: str, digest: int) -> None:
    assert digest_of(block_id) == digest
