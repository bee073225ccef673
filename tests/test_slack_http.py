"""The shipped `earmark serve slack` over HTTP: signatures on raw bytes, replays, and OAuth."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import socket
import time
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.slack_server import CHANNEL, TEAM, USER, SlackServer, words
from tests.test_slack_serve import Served

SECRET = "not-so-secret"
FORM = "application/x-www-form-urlencoded"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Hosted(Served):
    """The process with a client id and secret: many workspaces, none installed yet but for what tests do."""

    def __init__(self, folder, slack: SlackServer) -> None:  # type: ignore[no-untyped-def]
        self.port = free_port()
        super().__init__(
            folder, slack, SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="client-secret",
            SLACK_SIGNING_SECRET=SECRET, HTTP_PORT=str(self.port), PUBLIC_URL="https://earmark.example",
        )  # fmt: skip

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body.encode() or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def send(self, body: str, *, at: float | None = None, secret: str = SECRET, kind: str = FORM) -> int:
        stamp = str(int(time.time() if at is None else at))
        base = f"v0:{stamp}:{body}".encode()
        signature = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature,
        }  # fmt: skip
        return self.ask("POST", "/slack/events", body, **headers)[0]

    def ready(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.ask("GET", "/healthz") and None
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.05)


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with SlackServer() as slack:
        it = Hosted(tmp_path_factory.mktemp("hosted"), slack)
        try:
            it.ready()
            yield it
        finally:
            assert it.stop() == 0


def command(slack: SlackServer, team: str, text: str = "list") -> tuple[str, str]:
    """(the form that Slack posts, the name of its response_url)."""
    answer = uuid.uuid4().hex
    given = {
        "command": "/podcasts", "text": text, "team_id": team, "channel_id": CHANNEL,
        "channel_name": "bakers", "user_id": USER, "trigger_id": uuid.uuid4().hex,
        "response_url": f"http://{slack.host}/respond/{answer}",
    }  # fmt: skip
    return urlencode(given), answer


def install(hosted: Hosted) -> tuple[str, str]:
    """Opens the install page; (the state that it hands to Slack, the cookie that it sets)."""
    status, headers, page = hosted.ask("GET", "/slack/install")
    assert status == 200
    link = re.findall(r'href="([^"]*oauth/v2/authorize[^"]*)"', page)[0].replace("&amp;", "&")
    asked = parse_qs(urlsplit(link).query)
    assert asked["redirect_uri"] == ["https://earmark.example/slack/oauth_redirect"]
    assert "chat:write" in asked["scope"][0]
    return asked["state"][0], headers["Set-Cookie"].partition(";")[0]


def come_back(hosted: Hosted, state: str, cookie: str) -> int:
    back = "/slack/oauth_redirect?" + urlencode({"code": "c1", "state": state})
    return hosted.ask("GET", back, Cookie=cookie)[0]


@pytest.fixture(scope="module")
def installed(hosted: Hosted) -> Hosted:
    """With the app installed in the workspace T2, as a person does it in a browser."""
    assert come_back(hosted, *install(hosted)) == 200
    return hosted


def test_only_what_slack_signed_lately_is_taken(hosted: Hosted) -> None:
    before = hosted.slack.count("respond")
    body, _ = command(hosted.slack, TEAM)
    assert hosted.send(body, secret="wrong") == 401
    assert hosted.send(body, at=time.time() - 600) == 401
    assert hosted.ask("POST", "/slack/events", body, **{"Content-Type": FORM})[0] == 401
    assert hosted.ask("GET", "/slack/events")[0] in (404, 405)
    assert hosted.slack.count("respond") == before


def test_slack_may_check_the_address(hosted: Hosted) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c"})
    assert hosted.send(body, kind="application/json") == 200


def test_a_state_works_once_and_only_if_it_is_ours(hosted: Hosted) -> None:
    state, cookie = install(hosted)
    assert come_back(hosted, "made-up", cookie) == 400
    assert come_back(hosted, state, cookie) == 200
    assert come_back(hosted, state, cookie) == 401


def test_each_workspace_is_answered_with_its_own_token_and_its_own_channels(installed: Hosted) -> None:
    body, answer = command(installed.slack, "T2")
    assert installed.send(body) == 200
    assert "follows no podcast yet" in words(installed.answered(answer))  # T1's channel of that id is T1's
    assert {c.token for c in installed.slack.calls if c.method == "auth.test"} == {"xoxb-other"}


def test_the_same_bytes_sent_again_act_once(installed: Hosted) -> None:
    body, answer = command(installed.slack, "T2")
    assert [installed.send(body) for _ in range(3)] == [200, 200, 200]
    installed.answered(answer)
    later, last = command(installed.slack, "T2")
    installed.send(later)
    installed.answered(last)
    assert sum(call.given.get("name") == answer for call in installed.slack.calls) == 1


def test_an_acknowledgement_does_not_wait_for_slack_to_look_at_the_token_again(installed: Hosted) -> None:
    asked = []
    for _ in range(2):
        body, answer = command(installed.slack, "T2")
        assert installed.send(body) == 200
        installed.answered(answer)
        asked.append(installed.slack.count("auth.test"))
    assert asked[0] == asked[1]


def test_a_workspace_that_has_not_installed_is_told_so(installed: Hosted) -> None:
    body, answer = command(installed.slack, "T3")
    assert installed.send(body) == 200
    assert "isn't installed in this workspace" in words(installed.answered(answer))


def test_secrets_are_neither_in_the_database_nor_in_the_log(installed: Hosted) -> None:
    installed.log.flush()
    kept = b"".join(path.read_bytes() for path in installed.folder.iterdir() if path.name != "earmark.key")
    for secret in (b"xoxb-other", b"client-secret", SECRET.encode()):
        assert secret not in kept


def test_a_revoked_token_takes_the_workspace_away(installed: Hosted) -> None:
    event = {
        "type": "event_callback", "team_id": "T2", "api_app_id": "A1", "event_id": uuid.uuid4().hex,
        "authorizations": [{"team_id": "T2"}],
        "event": {"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}},
    }  # fmt: skip
    assert installed.send(json.dumps(event), kind="application/json") == 200
    deadline = time.monotonic() + 10
    while True:
        store = installed.store()
        left = store.secrets("slack:bot:")
        store.close()
        if not left:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert installed.channel().workspace == TEAM  # another workspace's is untouched
