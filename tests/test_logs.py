"""Logs: JSON where it is wanted, and no secret in either form."""

from __future__ import annotations

import json
import logging

import pytest

from bot.config import Settings
from bot.logs import FORMATS, Scrubber

TOKEN = "xoxb-12345-abcdef"
SETTINGS = {
    "slack_bot_token": TOKEN,
    "discord_token": "MTIz.abc.defghij",
    "database_url": "postgresql://jo:pa55word@db.example/earmark",
}


def record(message: str, *args: object, fails: bool = False) -> logging.LogRecord:
    made = logging.LogRecord("bot.test", logging.WARNING, __file__, 1, message, args, None)
    if fails:
        try:
            raise ValueError(f"no such token {TOKEN}")
        except ValueError as error:
            made.exc_info = (ValueError, error, error.__traceback__)
    return made


@pytest.fixture
def scrub() -> Scrubber:
    return Scrubber(Settings(_env_file=None, **SETTINGS).secret_values)  # type: ignore[arg-type, call-arg]


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"sent with {TOKEN}", TOKEN),
        ("the gateway closed MTIz.abc.defghij", "MTIz.abc.defghij"),
        ("can't connect to postgresql://jo:pa55word@db.example/earmark", "pa55word"),
        ("wrong password pa55word", "pa55word"),
        ("https://ann:hunter2@feeds.example/f failed", "hunter2"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
        ("another workspace's xoxp-999-abcdefgh", "xoxp-999"),
    ],
)
def test_no_secret_is_logged(scrub: Scrubber, style: str, said: str, secret: str) -> None:
    shown = FORMATS[style](scrub).format(record("%s", said))
    assert secret not in shown and "…" in shown


@pytest.mark.parametrize("style", FORMATS)
def test_a_traceback_is_scrubbed_too(scrub: Scrubber, style: str) -> None:
    shown = FORMATS[style](scrub).format(record("bad", fails=True))
    assert "ValueError" in shown and TOKEN not in shown


def test_a_record_is_one_json_object(scrub: Scrubber) -> None:
    shown = FORMATS["json"](scrub).format(record("refresh %s:\ntwo lines", 7))
    assert "\n" not in shown
    said = json.loads(shown)
    assert (said["level"], said["logger"], said["message"]) == (
        "WARNING",
        "bot.test",
        "refresh 7:\ntwo lines",
    )
    assert said["at"].endswith("+00:00")


def test_ordinary_words_stay(scrub: Scrubber) -> None:
    said = "transcribe 3: “Robot basics” can't be fetched: https://a.example/x.mp3 (404)."
    assert FORMATS["text"](scrub).format(record(said)) == f"WARNING bot.test: {said}"
