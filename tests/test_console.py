"""The console adapter: a post stands in its file once, and a prompt answers commands and questions."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from adapters.console import ConsolePublisher, talk
from bot.domain import Channel, Digest
from bot.errors import PublishError
from tests.test_commands import core_with_post
from tests.test_digest import pick

DIGEST = Digest(id=7, channel_id=1, local_date=date(2026, 11, 24), picks=(pick(0, 1, 0.9),))
CHANNEL = Channel(name="team/../x")


def test_post_is_printed_kept_and_found_again(tmp_path: Path) -> None:
    out = io.StringIO()
    publisher = ConsolePublisher(tmp_path / "posts", out)
    assert publisher.find(CHANNEL, DIGEST) is None
    post = publisher.publish(CHANNEL, DIGEST)
    assert "1. Bread prices follow wages" in out.getvalue()
    assert [file.name for file in (tmp_path / "posts").iterdir()] == ["team____x.txt"]
    again = ConsolePublisher(tmp_path / "posts", io.StringIO()).find(CHANNEL, DIGEST)
    assert again is not None and again.message_id == post.message_id == "7"


def test_half_a_post_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    publisher = ConsolePublisher(tmp_path, io.StringIO())
    publisher.publish(CHANNEL, DIGEST)
    file = tmp_path / "team____x.txt"
    file.write_bytes(file.read_bytes()[:-9])  # the power went while it was written
    assert publisher.find(CHANNEL, DIGEST) is None


def test_a_channel_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "posts").write_text("a file where the folder should be")
    with pytest.raises(PublishError, match="can't be written"):
        ConsolePublisher(tmp_path / "posts", io.StringIO()).publish(CHANNEL, DIGEST)


def test_at_the_prompt_a_number_is_meant_of_the_latest_post() -> None:
    core, channel = core_with_post()

    def said(line: str) -> str:
        out = io.StringIO()
        talk(core, lambda: channel, [line], out)
        return out.getvalue().partition("leaves.\n")[2]

    made = core.store.digests(1)[0]
    assert f"On 2: {made.picks[1].insight.headline}" in said("why 2?")
    assert "it has 1 to 5" in said("why 9?")
    assert "On " not in said("what did 2 people say?")
    assert said("Hello!").startswith("Ask a question") and "/dig" in said("help")


def test_prompt_runs_commands_and_takes_other_lines_as_questions() -> None:
    core, channel = core_with_post()
    out = io.StringIO()
    lines = ["/insights", "", "what about bread?", "/nope", "/quit", "/dig 1"]
    talk(core, lambda: channel, lines, out)
    shown = out.getvalue()
    places = [
        shown.index(text) for text in ("Ask a question", "things worth knowing", "— Ana", "/nope", "/help l")
    ]
    assert places == sorted(places)
    assert (
        "said around" not in shown and "matters to Episode 0. trees matters" not in shown
    )  # not after /quit
