"""Starting `earmark serve slack`: a refused token is told at once, a Slack that is away is waited for."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slack_server import SlackServer
from tests.test_slack_serve import Served

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-ours", "SLACK_APP_TOKEN": "xapp-ours"}
AWAY = (503, {}, {"ok": False, "error": "service_unavailable"})


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def said(served: Served) -> str:
    return (served.folder / "log").read_text()


@pytest.mark.parametrize(
    ("method", "named"), [("apps.connections.open", "SLACK_APP_TOKEN"), ("auth.test", "SLACK_BOT_TOKEN")]
)
def test_a_refused_token_ends_it_with_a_word_which(
    slack: SlackServer, tmp_path: Path, method: str, named: str
) -> None:
    slack.refuse[method] = [(200, {}, {"ok": False, "error": "invalid_auth"})] * 9
    served = Served(tmp_path, slack, **TOKENS)
    try:
        assert served.process.wait(30) not in (0, None)
    finally:
        served.stop()
    assert named in said(served) and "invalid_auth" in said(served)
    assert "Traceback" not in said(served) and "xoxb-ours" not in said(served)


def test_a_slack_that_is_away_at_first_is_tried_again(slack: SlackServer, tmp_path: Path) -> None:
    slack.refuse["auth.test"] = [AWAY]
    slack.refuse["apps.connections.open"] = [AWAY]
    served = Served(tmp_path, slack, **TOKENS)
    try:
        slack.wait(lambda: slack.connections, 30)
        served.answered(served.command("/podcasts"))
    finally:
        assert served.stop() == 0


def test_it_can_be_stopped_while_slack_is_away(tmp_path: Path) -> None:
    with SlackServer() as slack:
        pass  # its port is closed from here on
    served = Served(tmp_path, slack, **TOKENS)
    deadline = time.monotonic() + 30
    try:
        while said(served).count("can't be asked now") < 2:  # neither token could be tried
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(subprocess.TimeoutExpired):
            served.process.wait(1)  # it does not give up
    finally:
        assert served.stop() == 0
