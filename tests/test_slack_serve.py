"""The shipped `earmark serve slack` against a stand-in of Slack over Socket Mode: acked, answered once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Channel, Subscription
from bot.store.sql import SqlStore
from tests.chat_seed import seeded
from tests.slack_rules import broken_rules, broken_view
from tests.slack_server import BOT, CHANNEL, TEAM, USER, SlackServer, words

POSTED = "1000.000100"
Json = dict[str, Any]


class Served:
    """The process, its Slack and its store."""

    def __init__(self, folder: Path, slack: SlackServer, **environment: str) -> None:
        self.slack, self.folder = slack, folder
        self.digest = seeded(folder, "slack", TEAM, CHANNEL, message_id=POSTED, thread_id=POSTED)
        self.log = (folder / "log").open("w")
        given = {"EARMARK_DATA_DIR": str(folder), "SLACK_API_URL": slack.api_url, **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "slack"], env=os.environ | given, stderr=self.log
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.log.close()

    def store(self) -> SqlStore:
        return SqlStore.open(f"sqlite:///{self.folder / 'earmark.db'}")

    def channel(self) -> Channel:
        store = self.store()
        try:
            found = store.find_channel("slack", TEAM, CHANNEL)
        finally:
            store.close()
        assert found is not None
        return found

    def change(self, **changes: Any) -> None:
        store = self.store()
        store.save_channel(replace(self.channel(), **changes))
        store.close()

    def command(self, name: str, text: str = "", **given: str) -> str:
        """Sends a slash command, checks that it is acked within a second; the name of its response_url."""
        answer = uuid.uuid4().hex
        payload = {
            "command": name, "text": text, "team_id": TEAM, "channel_id": CHANNEL, "channel_name": "bakers",
            "user_id": USER, "trigger_id": uuid.uuid4().hex, "token": "legacy",
            "response_url": f"http://{self.slack.host}/respond/{answer}", **given,
        }  # fmt: skip
        sent = time.monotonic()
        envelope = self.slack.send("slash_commands", payload)
        self.slack.ack(envelope)
        assert self.slack.acks[envelope][0] - sent < 1.0
        return answer

    def answered(self, name: str, number: int = 1) -> Json:
        return self.slack.call("respond", number, name=name)

    def press(self, block: Json, action: Json, **given: Any) -> tuple[str, str]:
        """Presses a button of a message; (the name of its response_url, its envelope)."""
        answer = uuid.uuid4().hex
        payload = {
            "type": "block_actions", "team": {"id": TEAM}, "user": {"id": USER, "team_id": TEAM},
            "channel": {"id": CHANNEL, "name": "bakers"}, "trigger_id": uuid.uuid4().hex,
            "response_url": f"http://{self.slack.host}/respond/{answer}", "api_app_id": "A1",
            "actions": [{**action, "block_id": block["block_id"], "action_ts": str(time.time())}], **given,
        }  # fmt: skip
        self.pressed = str(payload["trigger_id"])
        envelope = self.slack.send("interactive", payload)
        self.slack.ack(envelope)
        return answer, envelope

    def tell(self, event: Json, event_id: str = "") -> None:
        payload = {
            "type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": event,
            "event_id": event_id or uuid.uuid4().hex, "authorizations": [{"team_id": TEAM, "user_id": BOT}],
        }  # fmt: skip
        self.slack.ack(self.slack.send("events_api", payload))


def buttons(given: Json) -> dict[str, tuple[Json, Json]]:
    """Each button of a message by what it runs: (its block, itself)."""
    return {
        element["value"]: (block, element)
        for block in given["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with SlackServer() as slack:
        tokens = {"SLACK_BOT_TOKEN": "xoxb-ours", "SLACK_APP_TOKEN": "xapp-ours"}
        it = Served(tmp_path_factory.mktemp("slack"), slack, **tokens)
        try:
            slack.wait(lambda: slack.connections, 20)
            yield it
        finally:
            assert it.stop() == 0, "it stops when asked to"
        assert refused(slack) == []


def refused(slack: SlackServer) -> list[tuple[str, list[str]]]:
    """What Slack would not have taken of all that was sent."""
    views = [(c.method, broken_view(c.given["view"])) for c in slack.calls if "view" in c.given]
    acks = [("ack", broken_view(said["view"])) for _, said in slack.acks.values() if "view" in said]
    messages = [(c.method, broken_rules(c.given["blocks"])) for c in slack.calls if "blocks" in c.given]
    assert views and acks and messages
    return [(what, broken) for what, broken in (*views, *acks, *messages) if broken]


def test_a_command_is_answered_to_the_asker_alone_with_a_button_to_share(served: Served) -> None:
    answer = served.answered(served.command("/insights"))
    assert answer["response_type"] == "ephemeral"
    assert "Flour is a tenth of what a loaf costs" in words(answer)
    assert {"/dig 1", "/rate 1 useful", "/insights"} <= set(buttons(answer))
    name, _ = served.press(*buttons(answer)["/insights"])
    shared = served.answered(name)
    assert shared["response_type"] == "in_channel" and "Wages are half" in words(shared)


@pytest.mark.parametrize(
    ("command", "text", "said"),
    [
        ("/earmark", "", "/podcasts"),
        ("/digest", "help", "a reply is enough"),
        ("/earmark", "digest show", "08:00"),
        ("/digest", "help", "/digest time"),
        ("/podcasts", "", "The Bread Show"),
        ("/dig", "9", "/dig 1 to /dig 3"),
        ("/digest", "time 99", "not a time of day"),
        ("/digest", "sing", "There is no /digest sing"),
    ],
)
def test_commands_and_what_is_wrong_with_them_are_told_in_words(
    served: Served, command: str, text: str, said: str
) -> None:
    answer = served.answered(served.command(command, text))
    assert said in words(answer) and answer["response_type"] == "ephemeral"


def test_digging_goes_into_the_thread_of_the_post(served: Served) -> None:
    answer = served.answered(served.command("/insights"))
    name, _ = served.press(*buttons(answer)["/dig 2"])
    posted = served.slack.call("chat.postMessage", thread_ts=POSTED)
    assert posted["channel"] == CHANNEL and "rent is most of the rest" in words(posted)
    assert "https://slack.example/C1/" in words(served.answered(name))


def test_a_rating_is_kept(served: Served) -> None:
    answer = served.answered(served.command("/insights"))
    name, _ = served.press(*buttons(answer)["/rate 3 useless"])
    assert "Noted" in words(served.answered(name))
    store = served.store()
    rated = [(r.user, r.useful) for r in store.ratings(served.channel().id)]
    store.close()
    assert rated == [(USER, False)]


def test_what_is_delivered_twice_acts_once(served: Served) -> None:
    trigger = uuid.uuid4().hex
    first = served.command("/podcasts", "list", trigger_id=trigger)
    served.answered(first)
    again = served.command("/podcasts", "list", trigger_id=trigger)
    later = served.command("/podcasts", "list")
    served.answered(later)
    assert not [c for c in served.slack.calls if c.given.get("name") == again]


def test_a_form_opens_is_saved_and_tells_what_is_wrong(served: Served) -> None:
    served.command("/digest", "edit")
    view = served.slack.call("views.open")["view"]
    assert [block["block_id"] for block in view["blocks"]] == ["time", "timezone", "days", "count", "mute"]

    def save(**values: str) -> Json:
        filled = {b["block_id"]: b["element"].get("initial_value", "") for b in view["blocks"]} | values
        state = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in filled.items()}
        shown = {**view, "id": uuid.uuid4().hex, "hash": "h", "state": {"values": state}}
        payload = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": USER}, "view": shown}
        return served.slack.ack(served.slack.send("interactive", payload))

    answer = save(time="07:45", mute="crypto")
    assert answer["response_action"] == "update" and "07:45" in words(answer)
    assert (served.channel().post_time, served.channel().mute) == ("07:45", ("crypto",))
    assert "not a time of day" in words(save(time="lunch"))
    assert served.channel().post_time == "07:45"


def test_the_button_of_an_insight_opens_a_form_that_says_it_is_wrong(served: Served) -> None:
    answer = served.answered(served.command("/insights"))
    before = served.slack.count("views.open")
    [wrong] = [line for line in buttons(answer) if line.startswith("/wrong post:") and line.endswith(" 2")]
    served.press(*buttons(answer)[wrong])
    view = served.slack.call("views.open", before + 1)["view"]
    state = {"reason": {"reason": {"type": "plain_text_input", "value": "Nobody said that."}}}
    shown = {**view, "id": uuid.uuid4().hex, "hash": "h", "state": {"values": state}}
    payload = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": USER}, "view": shown}
    told = served.slack.ack(served.slack.send("interactive", payload))
    store = served.store()
    [flag] = store.flags(served.channel().id)
    store.close()
    assert (flag.user, flag.reason, flag.status) == (USER, "Nobody said that.", "open")
    assert told["response_action"] == "update"


def test_removing_asks_first_and_the_answer_takes_the_questions_place(served: Served) -> None:
    asked = served.answered(served.command("/podcasts", "remove bread"))
    yes = next(value for value in buttons(asked) if value.endswith("yes"))
    name, _ = served.press(*buttons(asked)[yes])
    gone = served.answered(name)
    assert gone["replace_original"] and "No longer following" in words(gone)
    undo = next(value for value in buttons(gone) if value.startswith("/podcasts add"))
    assert undo == "/podcasts add https://feeds.example/bread"
    served.change(trouble="")
    store = served.store()
    assert store.subscriptions(served.channel().id) == []
    feed = store.feeds()[0]
    store.subscribe(Subscription(channel_id=served.channel().id, feed_id=feed.id))
    store.close()


def test_settings_for_admins_only_ask_slack_who_is_one(served: Served) -> None:
    served.change(admins_only=True)
    try:
        before = served.slack.count("users.info")
        assert "Only admins" in words(served.answered(served.command("/digest", "count 2")))
        served.slack.admins.add(USER)
        assert "The best 2" in words(served.answered(served.command("/digest", "count 2")))
        assert served.slack.count("users.info") == before + 2
    finally:
        served.change(admins_only=False, count=5)


def message(text: str, thread: str = POSTED, **given: Any) -> Json:
    ts = f"{time.time():.6f}"
    return {
        "type": "message", "channel": CHANNEL, "channel_type": "channel", "user": USER, "text": text,
        "ts": ts, "thread_ts": thread, **given,
    }  # fmt: skip


def test_people_among_themselves_and_other_threads_are_left_alone(served: Served) -> None:
    before = served.slack.count("chat.postMessage")
    served.tell(message("lol"))
    served.tell(message("<@U2> what do you think of number 2?"))
    served.tell(message("why is flour so cheap?", thread="555.5"))
    served.tell(message("why is flour so cheap?", subtype="message_changed"))
    served.tell(message("why is flour so cheap?", bot_id="B2"))
    served.answered(served.command("/podcasts"))  # whatever came before has been looked at by now
    assert served.slack.count("chat.postMessage") == before


@pytest.mark.model
def test_a_question_in_the_thread_is_answered_there_once(served: Served) -> None:
    said = message("what do customers forgive?")
    for _ in range(2):
        served.tell(said)

    def answers() -> list[Json]:
        posts = [c.given for c in served.slack.calls if c.method == "chat.postMessage"]
        return [given for given in posts if "On 3:" in words(given)]

    [answer] = served.slack.wait(answers, 60)
    assert answer["thread_ts"] == POSTED and "never a fee" in words(answer)
    served.answered(served.command("/podcasts"))
    assert len(answers()) == 1


def test_an_invitation_clears_what_was_in_the_way_and_greets_once(served: Served) -> None:
    served.change(trouble="Earmark is not in this channel.")
    joined = {"type": "member_joined_channel", "user": BOT, "channel": CHANNEL, "event_ts": "7.7"}
    for _ in range(2):
        served.tell(joined)
    served.slack.wait(
        lambda: any(
            "/podcasts add" in words(c.given) and c.method == "chat.postMessage" for c in served.slack.calls
        )
    )
    served.answered(served.command("/podcasts"))
    greetings = [
        c for c in served.slack.calls if c.method == "chat.postMessage" and "Hello!" in words(c.given)
    ]
    assert len(greetings) == 1 and served.channel().trouble == ""


def test_home_shows_the_channels_that_the_person_is_in(served: Served) -> None:
    served.tell({"type": "app_home_opened", "user": USER, "tab": "home", "channel": "D1"})
    view = served.slack.call("views.publish", user_id=USER)["view"]
    shown = words({"view": view})
    assert "#bakers" in shown and "The Bread Show" in shown and f"{CHANNEL} /digest edit" in shown


def test_a_button_on_home_opens_a_modal_whose_own_buttons_work(served: Served) -> None:
    served.tell({"type": "app_home_opened", "user": USER, "tab": "home", "channel": "D1"})
    shown = served.slack.call("views.publish", user_id=USER)["view"]
    why = buttons(shown)[f"{CHANNEL} /digest why"]
    served.press(*why, channel=None, view={"id": "VHOME", "type": "home"}, response_url=None)
    opened = served.slack.call("views.open", trigger_id=served.pressed)["view"]
    filled = served.slack.call("views.update", view_id="V1")["view"]
    assert broken_view(opened) == broken_view(filled) == [] and "Working" in words({"view": opened})
    assert "All is well" in words({"view": filled})

    before = served.slack.count("views.publish")
    view = {**filled, "id": "V2", "type": "modal"}
    pressed = {"action_id": "run.0", "type": "button", "value": "/digest count 4"}
    served.press({"block_id": "0.1.0"}, pressed, channel=None, view=view, response_url=None)
    told = served.slack.call("views.update", view_id="V2")["view"]
    assert "The best 4" in words({"view": told}) and served.channel().count == 4
    served.slack.wait(lambda: served.slack.count("views.publish") > before)  # Home shows it too


def test_a_form_asked_for_in_a_modal_is_laid_on_top(served: Served) -> None:
    memory = served.slack.call("views.open")["view"]["private_metadata"]
    view = {"id": "V3", "type": "modal", "title": {"text": "Earmark"}, "private_metadata": memory}
    pressed = {"action_id": "run.0", "type": "button", "value": "/podcasts add"}
    served.press({"block_id": "0.1.0"}, pressed, channel=None, view=view, response_url=None)
    assert served.slack.call("views.push")["view"]["callback_id"] == "form"


def test_events_of_no_interest_are_acknowledged(served: Served) -> None:
    served.tell({"type": "reaction_added", "user": USER, "reaction": "tada"})
    served.tell(message("edited", subtype="message_deleted"))


def test_a_refused_answer_is_tried_again_when_slack_says(served: Served) -> None:
    served.slack.refuse["chat.postMessage"] = [
        (429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"})
    ]
    before = served.slack.count("chat.postMessage")
    answer = served.answered(served.command("/insights"))
    served.press(*buttons(answer)["/dig 1"])
    served.slack.wait(lambda: served.slack.count("chat.postMessage") == before + 2)


def test_a_closed_connection_is_opened_again_and_nothing_is_lost(served: Served) -> None:
    for lose in (served.slack.refresh, served.slack.drop):
        before = served.slack.connections
        lose()
        served.slack.wait(lambda before=before: served.slack.connections > before, 30)
        assert "The Bread Show" in words(served.answered(served.command("/podcasts")))


def test_a_refresh_amid_traffic_loses_and_doubles_nothing(served: Served) -> None:
    slack = served.slack
    before, sent = slack.connections, {}
    for number in range(40):
        if number in (10, 25):
            slack.refresh()
        payload = {
            "command": "/podcasts", "text": "list", "team_id": TEAM, "channel_id": CHANNEL,
            "user_id": USER, "trigger_id": f"amid-{number}",
            "response_url": f"http://{slack.host}/respond/amid-{number}",
        }  # fmt: skip
        sent[f"envelope-{number}"] = payload
        with suppress(ConnectionError):  # lost on the way: Slack hears no ack, and sends it again
            slack.send("slash_commands", payload, f"envelope-{number}")
    slack.wait(lambda: slack.connections >= before + 2, 30)

    def acked() -> bool:
        return sent.keys() <= slack.acks.keys()

    deadline = time.monotonic() + 30
    while not acked():
        assert time.monotonic() < deadline
        for envelope in sent.keys() - slack.acks.keys():
            with suppress(ConnectionError):
                slack.send("slash_commands", sent[envelope], envelope)
        with suppress(AssertionError):
            slack.wait(acked, 3)
    for number in range(40):
        served.answered(f"amid-{number}")
    served.answered(served.command("/podcasts"))
    answered = [c.given["name"] for c in slack.calls if c.method == "respond"]
    assert sum(name.startswith("amid-") for name in answered) == 40


def test_the_token_is_in_no_log(served: Served) -> None:
    served.log.flush()
    assert (
        "xoxb-ours" not in (served.folder / "log").read_text()
        and "xapp-" not in (served.folder / "log").read_text()
    )


def test_uninstalling_leaves_nothing_of_the_workspace(served: Served) -> None:
    served.tell({"type": "app_uninstalled"})

    def gone() -> bool:
        store = served.store()
        try:
            return store.find_channel("slack", TEAM, CHANNEL) is None
        finally:
            store.close()

    deadline = time.monotonic() + 10
    while not gone():
        assert time.monotonic() < deadline
        time.sleep(0.1)
