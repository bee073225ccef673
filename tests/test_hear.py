"""/hear on every platform: the file goes once into the thread, with its words; what can't be had is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.console import talk
from adapters.slack.answers import in_thread
from bot import commands, digest
from bot.domain import Clip, Pick, Sentence
from bot.errors import AudioError
from bot.views import Audio, Button, View, audio_of, plain
from tests.discord_kit import Scene, on_stage
from tests.golden_digest import DIGEST
from tests.slack_server import CHANNEL, SlackServer, words
from tests.test_commands import FakeCore, core_with_post
from tests.test_discord_commands import shown

SAID = "Wages are half of it, <!channel> and rent is *most* of the rest."


class FakeClips:
    """Gives the same clip, or raises what it is told to."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"an mp3")
        self.path, self.asked = path, list[int]()
        self.refuse: AudioError | None = None
        self.meanwhile: list[View] = []
        self.core: FakeCore | None = None

    def kept(self, pick: Pick) -> Clip | None:
        return None

    def clip(self, pick: Pick, sentences: Sequence[Sentence]) -> Clip:
        self.asked.append(pick.insight.id)
        if self.refuse:
            raise self.refuse
        if self.core:
            self.meanwhile.append(commands.run(self.core, self.core.store.channel(1), "/hear 1"))
        start = pick.insight.start or 0.0
        return Clip(
            path=self.path,
            title="Bread – Loaves, 0:31",
            duration_s=31.4,
            said_at=start + 45,
            text=SAID,
            share=0.9,
        )


@pytest.fixture
def core(tmp_path: Path) -> FakeCore:
    core = core_with_post()[0]
    core.clips = FakeClips(tmp_path / "clip.mp3")
    return core


def run(core: FakeCore, line: str) -> View:
    return commands.run(core, core.store.channel(1), line)


def test_the_clip_comes_with_its_words_where_it_was_said_and_its_source(core: FakeCore) -> None:
    view = run(core, "/hear 2")
    (audio,) = audio_of(view)
    made = core.store.digests(1)[0]
    assert not view.private and view.digest_id == made.id
    assert audio.name.endswith(".mp3") and audio.name.isascii() and "/" not in audio.name
    told = plain(view, width=1000)
    assert SAID in told and made.picks[1].insight.headline in told and made.picks[1].episode.title in told
    assert "There it is said at 0:55 now." in told
    assert str(audio.path) not in told, "no path of this machine goes anywhere"


def test_a_channel_may_do_without_clips(core: FakeCore) -> None:
    def buttons() -> list[str]:
        return [part.command for part in run(core, "/insights").parts if isinstance(part, Button)]

    assert "/hear 2" in buttons()
    assert "off (/digest clips on)" in plain(run(core, "/digest clips off"))
    assert "/hear 2" not in buttons() and "/dig 2" in buttons()
    view = run(core, "/hear 2")
    assert "off in this channel" in plain(view) and not audio_of(view), "an earlier post still has its button"
    assert "off" not in plain(run(core, "/digest clips on")) and "/hear 2" in buttons()


def test_a_second_press_within_a_minute_sends_nothing(core: FakeCore) -> None:
    clips = core.clips
    assert isinstance(clips, FakeClips)
    clips.core = core
    assert audio_of(run(core, "/hear 1"))
    assert "being cut already" in plain(clips.meanwhile[0])
    clips.core = None
    again = run(core, "/hear 1")
    assert again.private and not audio_of(again) and "just now" in plain(again)
    assert audio_of(run(core, "/hear 2")), "another insight is another clip"
    core.world.clock.forward(minutes=2)
    assert audio_of(run(core, "/hear 1"))


def test_what_cannot_be_had_is_told_with_the_link_and_may_be_tried_again_at_once(core: FakeCore) -> None:
    assert isinstance(core.clips, FakeClips)
    core.clips.refuse = AudioError("These words aren't in the audio.")
    for _ in range(2):
        told = run(core, "/hear 1")
        assert told.private and "aren't in the audio. Here is the episode instead" in plain(told, 1000)
    core.clips.refuse = None
    assert audio_of(run(core, "/hear 1"))


def test_switched_off_there_is_no_button_and_the_command_says_so(core: FakeCore) -> None:
    def buttons(view: View) -> list[str]:
        return [part.command for part in view.parts if isinstance(part, Button)]

    assert "/hear 1" in buttons(run(core, "/insights"))
    core.clips = None
    assert "/hear 1" not in buttons(run(core, "/insights")) and buttons(run(core, "/insights"))
    assert "switched off" in plain(run(core, "/hear 1"))
    silent = replace(
        DIGEST, picks=tuple(replace(p, episode=replace(p.episode, enclosure=None)) for p in DIGEST.picks)
    )
    assert not [c for c in buttons(digest.view(silent, clips=True)) if "hear" in c]


@pytest.mark.parametrize("number", ["", "0", "99", "one", "../1"])
def test_it_asks_which_one(core: FakeCore, number: str) -> None:
    assert "/hear 1 to /hear" in plain(run(core, f"/hear {number}"))


def test_the_console_names_the_file(core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    import io

    out = io.StringIO()
    talk(core, lambda: core.store.channel(1), ["/hear 1"], out)
    assert isinstance(core.clips, FakeClips) and f"The file: {core.clips.path}" in out.getvalue()


def posted(server: SlackServer, view: View) -> str:
    async def post() -> str:
        client = AsyncWebClient(token="xoxb-1", base_url=server.api_url)
        return await in_thread(client, CHANNEL, "1000.1", view)

    return asyncio.run(post())


def test_slack_gets_the_file_once_in_the_thread_then_its_words(core: FakeCore) -> None:
    with SlackServer() as server:
        posted(server, run(core, "/hear 1"))
        assert list(server.uploads.values()) == [b"an mp3"]
        done = server.call("files.completeUploadExternal")
        assert (done["channel_id"], done["thread_ts"]) == (CHANNEL, "1000.1")
        assert (
            json.loads(done["files"])[0]["title"] == "Bread – Loaves, 0:31"
            and server.count("files.completeUploadExternal") == 1
        )
        (message,) = server.messages
        assert message["thread_ts"] == "1000.1" and SAID.split(",")[0] in words(message)


@pytest.mark.parametrize(
    ("method", "error", "says"),
    [
        ("files.getUploadURLExternal", "missing_scope", "lacks the scope files:write"),
        ("files.completeUploadExternal", "internal_error", "didn't take the audio"),
    ],
)
def test_slack_says_why_there_is_no_file(core: FakeCore, method: str, error: str, says: str) -> None:
    with SlackServer() as server:
        server.refuse[method].append((200, {}, {"ok": False, "error": error}))
        posted(server, run(core, "/hear 1"))
        (message,) = server.messages
        assert says in words(message) and "Wages are half" in words(message)


def test_discord_gets_the_file_once_in_the_thread(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.core.clips = FakeClips(tmp_path / "clip.mp3")
        first = await scene.alice.slash(scene.room, "hear", number=1)
        again = await scene.alice.slash(scene.room, "hear", number=1)
        await scene.env.settle()
        sent = [m for m in scene.thread.history() if m.attachments]
        assert len(sent) == 1 and sent[0].attachments[0].filename.endswith(".mp3")
        assert "Wages are half" in str(
            [embed.description for embed in sent[0].embeds]
        ) and "Answered in" in shown(first)
        assert "just now" in shown(again)

    on_stage(play)


def test_an_audio_part_alone_is_still_a_message() -> None:
    from adapters.discord.render import rendered as discord
    from adapters.slack.render import rendered as slack

    only = View(parts=(Audio(path=Path("x"), name="x.mp3", title="T", duration_s=3),))
    assert slack(only).text and discord(only).content
