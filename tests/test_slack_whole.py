"""The whole shipped program with Slack: from `/podcasts add` to the post of the day, an answer, a stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.sql import SqlStore
from bot.wiring import DEMO_FEED
from tests.slack_rules import broken_rules
from tests.slack_server import CHANNEL, TEAM, USER, SlackServer, words


def command(slack: SlackServer, name: str, text: str) -> str:
    """What the asker is answered."""
    answer = uuid.uuid4().hex
    payload = {
        "command": name, "text": text, "team_id": TEAM, "channel_id": CHANNEL, "channel_name": "bakers",
        "user_id": USER, "trigger_id": uuid.uuid4().hex,
        "response_url": f"http://{slack.host}/respond/{answer}",
    }  # fmt: skip
    slack.send("slash_commands", payload)
    return words(slack.wait(lambda: [c.given for c in slack.calls if c.given.get("name") == answer], 60)[0])


def due_in(folder: Path, seconds: float) -> None:
    """The channel's post is due that soon."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    store = SqlStore.open(f"sqlite:///{folder / 'earmark.db'}")
    channel = store.find_channel("slack", TEAM, CHANNEL)
    assert channel is not None
    store.save_channel(replace(channel, post_time=f"{at:%H:%M}", next_post_at=at))
    store.close()


@pytest.mark.model
def test_from_a_command_to_the_post_of_the_day(tmp_path: Path) -> None:
    with SlackServer() as slack:
        given = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": slack.api_url}
        environment = os.environ | given | {"EARMARK_DATA_DIR": str(tmp_path)}
        program = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], env=environment, stdin=subprocess.DEVNULL
        )
        try:
            slack.wait(lambda: slack.connections, 60)
            assert "Following Two Chairs and a Kettle" in command(slack, "/podcasts", f"add {DEMO_FEED}")
            due_in(tmp_path, 25)  # when the episode has been read: a post waits a minute for what is coming
            [post] = slack.wait(lambda: list(slack.messages), 240)
            assert broken_rules(post["blocks"]) == [] and "worth knowing" in words(post)
            assert "What sleep researchers changed their minds about" in words(post)
            assert post["metadata"]["event_type"] == "earmark_digest"
            assert "Answered in the thread" in command(slack, "/dig", "1")
            assert "“" in command(slack, "/ask", "how long is the half life of caffeine?")
        finally:
            program.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            program.wait(30)
        assert time.monotonic() - begun < 12
        assert len(slack.messages) == 2, "the post and what was dug up, once each"
