"""The command tree as people meet it: options, completion, forms, permissions, private answers, sharing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from simcord import OptionError

from adapters.discord.desk import THREADS
from bot.commands import COMMANDS
from bot.errors import FetchError
from tests.discord_kit import Scene, client_of, on_stage
from tests.discord_rules import broken_rules


def shown(result: Any) -> str:
    """All the text of an answer."""
    response = result.response
    texts = [response.content]
    for embed in response.embeds:
        texts += [embed.title or "", embed.description or "", embed.footer.text or ""]
    return "\n".join(texts)


def test_every_command_of_the_core_is_there_with_its_actions() -> None:
    async def play(scene: Scene) -> None:
        wanted = {f"{c.name} {a.name}".strip() for c in COMMANDS.values() for a in c.actions}
        assert set(scene.alice.available_commands(scene.room)) == wanted

    on_stage(play, posted=False)


def test_an_answer_is_private_and_deferred_first() -> None:
    async def play(scene: Scene) -> None:
        result = await scene.alice.slash(scene.room, "insights")
        assert result.ephemeral
        first = next(r.json for r in scene.env.http_requests if r.path.endswith("/callback"))
        assert first == {"type": 5, "data": {"flags": 64}}, "deferred, for the asking person alone"
        assert "five things worth knowing" in shown(result)
        assert len(result.response.embeds) == 6

    on_stage(play)


def test_options_are_typed() -> None:
    async def play(scene: Scene) -> None:
        with pytest.raises(OptionError):
            await scene.alice.slash(scene.room, "dig", number=11)
        with pytest.raises(OptionError):
            await scene.alice.slash(scene.room, "rate", number=1, verdict="perhaps")
        with pytest.raises(OptionError):
            await scene.alice.slash(scene.room, "ask")
        rated = await scene.alice.slash(scene.room, "rate", number=1, verdict="useful")
        assert "was useful to you" in shown(rated)
        (rating,) = scene.core.store.ratings(scene.channel.id)
        assert (rating.user, rating.useful) == (str(scene.alice.id), True)

    on_stage(play)


def test_completion_offers_numbers_shows_and_what_is_followed() -> None:
    async def play(scene: Scene) -> None:
        numbers = await scene.alice.autocomplete(scene.room, "dig", "number", "2")
        assert numbers[0]["value"] == 2 and numbers[0]["name"].startswith("2. ")
        shows = await scene.alice.autocomplete(scene.room, "ask", "show", "sho", question="bread?")
        assert shows[0]["name"] == "Show"
        followed = await scene.alice.autocomplete(scene.room, "podcasts remove", "podcast", "")
        assert [c["name"] for c in followed] == ["Show"]
        days = await scene.alice.autocomplete(scene.room, "insights", "when", "tod")
        assert [c["value"] for c in days] == ["today"]

    on_stage(play)


def test_sharing_shows_the_same_to_all_without_buttons() -> None:
    async def play(scene: Scene) -> None:
        asked = await scene.alice.slash(scene.room, "ask", question="what matters, bread?")
        assert "bread matters" in shown(asked)
        before = len(scene.room.history())
        shared = await scene.alice.click(asked.response, label="Share with the channel")
        assert not shared.ephemeral and len(scene.room.history()) == before + 1
        public = shared.response
        assert "bread matters" in public.content and "Shared by alice" in public.content
        assert public.embeds and not public.components

    on_stage(play)


def test_what_has_nothing_to_share_has_no_button() -> None:
    async def play(scene: Scene) -> None:
        result = await scene.alice.slash(scene.room, "help")
        assert "/ask" in shown(result) and not result.response.components

    on_stage(play)


def test_adding_without_an_address_opens_a_form_that_adds() -> None:
    async def play(scene: Scene) -> None:
        opened = await scene.alice.slash(scene.room, "podcasts add")
        assert opened.modal is not None and opened.modal["title"] == "Follow a podcast"
        sent = await scene.alice.submit_modal(opened, {"podcast": "https://b.example/feed"})
        assert sent.ephemeral and "Following Show" in shown(sent)
        direct = await scene.alice.slash(scene.room, "podcasts add", podcast="https://c.example/feed")
        assert direct.modal is None and "Following Show" in shown(direct)

    on_stage(play, posted=False)


def test_the_schedule_is_edited_in_a_form_that_shows_what_is_set() -> None:
    async def play(scene: Scene) -> None:
        opened = await scene.alice.slash(scene.room, "digest edit")
        fields = [label["component"] for label in opened.modal["components"]]
        assert [(f["custom_id"], f.get("value")) for f in fields][:2] == [
            ("time", "08:00"),
            ("timezone", "UTC"),
        ]
        values = {"time": "07:15", "timezone": "Europe/Berlin", "days": "weekdays", "count": "3"}
        sent = await scene.alice.submit_modal(opened, values)
        assert "07:15 Europe/Berlin" in shown(sent)
        wrong = await scene.alice.slash(scene.room, "digest edit")
        said = await scene.alice.submit_modal(wrong, values | {"time": "25:00"})
        assert said.ephemeral and "25:00" in shown(said)

    on_stage(play, posted=False)


def test_an_insight_is_called_wrong_and_corrected_in_forms() -> None:
    async def play(scene: Scene) -> None:
        opened = await scene.alice.slash(scene.room, "wrong", number=1)
        assert opened.modal is not None and opened.modal["title"] == "Insight 1 is wrong"
        assert "is noted as wrong" in shown(await scene.alice.submit_modal(opened, {"reason": "Not so."}))
        listed = await scene.alice.slash(scene.room, "errata list")
        number = scene.core.store.flags()[0].id
        form = await scene.alice.click(listed.response, label=f"Correct {number}")
        assert form.modal is not None and form.modal["title"] == "Correct an insight"
        sent = await scene.alice.submit_modal(form, {"headline": "Bread", "text": "Too short."})
        assert "35 to 65 words" in shown(sent)
        gone = await scene.alice.click(listed.response, label=f"Withdraw {number}")
        assert gone.modal is None and "Withdrawn" in shown(gone)

    on_stage(play)


def test_a_form_filled_in_after_a_restart_is_understood() -> None:
    async def play(scene: Scene) -> None:
        opened = await scene.alice.slash(scene.room, "podcasts add")
        await scene.env.restart_bot(client_of(scene.core, scene.host))
        sent = await scene.alice.submit_modal(opened, {"podcast": "https://b.example/feed"})
        assert "Following Show" in shown(sent)

    on_stage(play, posted=False)


def test_settings_are_for_admins_only_where_the_channel_says_so() -> None:
    async def play(scene: Scene) -> None:
        assert "Only admins" in shown(await scene.boss.slash(scene.room, "digest admins", value="on"))
        refused = await scene.alice.slash(scene.room, "digest pause")
        assert refused.ephemeral and "Only admins change" in shown(refused)
        form = await scene.alice.slash(scene.room, "digest edit")
        assert form.modal is None and "Only admins change" in shown(form)
        assert "Paused" in shown(await scene.boss.slash(scene.room, "digest pause"))

    on_stage(play, posted=False)


def test_what_goes_wrong_is_said_in_words_to_who_asked() -> None:
    async def play(scene: Scene) -> None:
        def down(source: str, **given: Any) -> Any:
            raise FetchError("Nobody answers at that address.")

        scene.core.discoverer.find = down  # type: ignore[method-assign]
        result = await scene.alice.slash(scene.room, "podcasts add", podcast="https://b.example/feed")
        assert result.ephemeral and shown(result).strip() == "Nobody answers at that address."

    on_stage(play, posted=False)


def test_a_bug_is_said_without_its_words_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    async def play(scene: Scene) -> None:
        def broken(question: str, sources: Any) -> Any:
            raise ZeroDivisionError(f"{question}=se" + "cret")

        scene.core.answerer.answer = broken  # type: ignore[method-assign]
        result = await scene.alice.slash(scene.room, "ask", question="bread?")
        assert result.ephemeral and "on our side" in shown(result)

    on_stage(play)
    assert "ZeroDivisionError" in caplog.text and "secret" not in caplog.text


def test_a_completion_and_a_form_come_while_all_slow_threads_are_held_up() -> None:
    release = threading.Event()

    async def play(scene: Scene) -> None:
        held = [scene.env.bot.desk._slow.submit(release.wait, 20) for _ in range(THREADS)]
        try:
            assert len(await scene.alice.autocomplete(scene.room, "dig", "number", "")) == 5
            opened = await scene.alice.slash(scene.room, "podcasts add")
            assert opened.modal is not None
        finally:
            release.set()
        assert all(future.result(5) for future in held)

    on_stage(play)


def test_commands_are_registered_once_and_again_when_they_change() -> None:
    async def play(scene: Scene) -> None:
        def synced() -> int:
            return sum(r.method == "PUT" and r.path.endswith("/commands") for r in scene.env.http_requests)

        assert synced() == 1
        await scene.env.restart_bot(client_of(scene.core, scene.host))
        assert synced() == 1
        (name,) = scene.host.secrets.kept
        scene.host.secrets.kept[name] = "another"
        await scene.env.restart_bot(client_of(scene.core, scene.host))
        assert synced() == 2

    on_stage(play, posted=False)


def test_what_discord_is_told_of_the_commands_keeps_its_limits() -> None:
    async def play(scene: Scene) -> None:
        (sent,) = [r.json for r in scene.env.http_requests if r.path.endswith("/commands")]
        assert isinstance(sent, list) and 1 <= len(sent) <= 100
        for command in sent:
            _check_command(command)

    on_stage(play, posted=False)


def _check_command(command: dict[str, Any]) -> None:
    assert 1 <= len(command["name"]) <= 32 and command["name"].islower()
    assert 1 <= len(command["description"]) <= 100
    options = command.get("options", [])
    assert len(options) <= 25
    required = [option.get("required", False) for option in options if option["type"] > 2]
    assert required == sorted(required, reverse=True), "required options come first"
    for option in options:
        assert not (option.get("choices") and option.get("autocomplete"))
        assert len(option.get("choices", [])) <= 25
        _check_nested(option)


def _check_nested(option: dict[str, Any]) -> None:
    assert 1 <= len(option["name"]) <= 32 and 1 <= len(option["description"]) <= 100
    if option["type"] == 1:
        _check_command(option)


def test_in_a_direct_message_everything_works_and_all_are_admins() -> None:
    async def play(scene: Scene) -> None:
        user = scene.env.create_user("dora")
        said = await user.slash("podcasts add", podcast="https://b.example/feed")
        assert "Following Show" in shown(said)
        assert "Only admins" in shown(await user.slash("digest admins", value="on"))
        assert "Paused" in shown(await user.slash("digest pause"))
        found = [c for c in scene.core.store.channels() if c.platform == "discord" and not c.workspace]
        assert [c.name for c in found] == [str(user.dm_channel.id)]

    on_stage(play, posted=False)


def test_every_answer_keeps_discords_rules() -> None:
    async def play(scene: Scene) -> None:
        for line in ("insights", "help", "podcasts list", "digest show", "digest preview", "digest why"):
            response = (await scene.alice.slash(scene.room, line)).response
            sent = {
                "content": response.content,
                "embeds": [embed.to_dict() for embed in response.embeds],
                "components": response.components,
                "allowed_mentions": {"parse": []},
            }
            assert broken_rules(sent) == [], line

    on_stage(play)
