"""Posting to Slack: marked and found again, refusals in words, patience where it is asked for; and doctor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters import slack as adapter
from adapters.slack.publish import REFUSALS, SlackPublisher
from adapters.slack.scopes import SCOPES
from bot.domain import Channel
from bot.errors import PublishError, Unreachable
from bot.store.memory import MemoryStore
from tests.fakes import FakeHost
from tests.golden_digest import DIGEST
from tests.slack_rules import broken_rules
from tests.slack_server import CHANNEL, TEAM, SlackServer, words

HERE = Channel(id=7, platform="slack", workspace=TEAM, name=CHANNEL, title="bakers")
MANIFEST = Path(adapter.__file__).parent / "manifest.yaml"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def host(slack: SlackServer, **settings: str) -> FakeHost:
    return FakeHost(settings={"SLACK_BOT_TOKEN": "xoxb-ours", "SLACK_API_URL": slack.api_url, **settings})


def publisher(slack: SlackServer) -> SlackPublisher:
    return SlackPublisher(host(slack), sleep=lambda _: None)


def test_a_digest_is_posted_marked_and_found_again(slack: SlackServer) -> None:
    assert publisher(slack).find(HERE, DIGEST) is None
    post = publisher(slack).publish(HERE, DIGEST)
    sent = slack.call("chat.postMessage")
    assert sent["channel"] == CHANNEL and broken_rules(sent["blocks"]) == []
    assert "Flour is a tenth" in words(sent) and "Flour is a tenth" in sent["text"]
    assert (sent["unfurl_links"], sent["unfurl_media"]) == ("0", "0") or not sent["unfurl_links"]
    assert publisher(slack).find(HERE, DIGEST) == post
    assert publisher(slack).find(HERE, replace(DIGEST, id=43)) is None
    asked = slack.call("conversations.history")  # no further back than the digest was made
    assert float(asked["oldest"]) == pytest.approx(DIGEST.created_at.timestamp() - 600)
    assert post.thread_id == post.message_id


@pytest.mark.parametrize("code", REFUSALS)
def test_what_will_not_pass_says_what_to_do(slack: SlackServer, code: str) -> None:
    slack.refuse["chat.postMessage"] = [(200, {}, {"ok": False, "error": code})]
    with pytest.raises(Unreachable, match="#bakers"):
        publisher(slack).publish(HERE, DIGEST)
    assert slack.count("chat.postMessage") == 1


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        ((429, {"Retry-After": "37"}, {"ok": False, "error": "ratelimited"}), 37.0),
        ((503, {}, {"ok": False, "error": "service_unavailable"}), None),
        ((200, {}, {"ok": False, "error": "internal_error"}), None),
    ],
)
def test_what_passes_is_left_to_the_next_try(slack: SlackServer, refusal: Any, wait: float | None) -> None:
    slack.refuse["chat.postMessage"] = [refusal]
    with pytest.raises(PublishError) as raised:
        publisher(slack).publish(HERE, DIGEST)
    assert not isinstance(raised.value, Unreachable) and raised.value.retry_after_s == wait
    assert slack.count("chat.postMessage") == 1, "our rows try again, not the SDK"


def test_slack_that_does_not_answer_is_told(slack: SlackServer) -> None:
    away = FakeHost(settings={"SLACK_BOT_TOKEN": "xoxb-ours", "SLACK_API_URL": "http://127.0.0.1:9/api/"})
    with pytest.raises(PublishError, match="can't be reached") as raised:
        SlackPublisher(away).publish(HERE, DIGEST)
    assert "xoxb" not in str(raised.value)


def test_many_posts_are_spread(slack: SlackServer) -> None:
    slept: list[float] = []
    spreading = SlackPublisher(host(slack), sleep=slept.append, now=lambda: 100.0)
    for number in range(3):
        spreading.publish(HERE, replace(DIGEST, id=50 + number))
    assert slept == [pytest.approx(1.1)] * 2


def test_a_workspace_without_the_app_can_not_be_posted_to(slack: SlackServer) -> None:
    bare = FakeHost(settings={"SLACK_API_URL": slack.api_url})
    with pytest.raises(Unreachable, match="install it"):
        SlackPublisher(bare).publish(HERE, DIGEST)


def findings(slack: SlackServer, **settings: str) -> dict[str, tuple[str, str]]:
    store = MemoryStore()
    store.save_channel(HERE)
    return {what: (verdict, said) for verdict, what, said in adapter.examine(host(slack, **settings), store)}


def test_doctor_finds_all_well(slack: SlackServer) -> None:
    slack.scopes = ",".join(SCOPES)
    found = findings(slack, SLACK_APP_TOKEN="xapp-ours")
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert "slack #bakers" in found and "slack app token" in found


def test_doctor_says_what_is_missing(slack: SlackServer) -> None:
    slack.scopes = "commands,chat:write"
    slack.refuse["apps.connections.open"] = [(200, {}, {"ok": False, "error": "invalid_auth"})]
    slack.refuse["conversations.info"] = [(200, {}, {"ok": False, "error": "channel_not_found"})]
    found = findings(slack, SLACK_APP_TOKEN="xapp-ours")
    assert found["slack app token"][0] == "broken" and "connections:write" in found["slack app token"][1]
    assert "channels:history" in found["slack scopes"][1] and "chat:write," not in found["slack scopes"][1]
    assert found["slack #bakers"] == ("broken", REFUSALS["channel_not_found"])
    assert findings(slack)["slack"][0] == "broken"  # nothing by which Slack could reach us
    slack.refuse["auth.test"] = [(200, {}, {"ok": False, "error": "token_revoked"})]
    assert "install the app again" in findings(slack, SLACK_SIGNING_SECRET="s")["slack bot token"][1]


def test_the_manifest_asks_for_what_the_code_uses() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text("utf-8"))
    assert tuple(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES
    from bot.commands import COMMANDS

    named = {command["command"].removeprefix("/") for command in manifest["features"]["slash_commands"]}
    assert named == {*COMMANDS, "earmark"} - {"help"}  # Slack's own /help can't be had
