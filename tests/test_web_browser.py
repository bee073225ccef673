"""The pages in a real browser: seeking, following, keyboard, widths, schemes, and what axe-core finds.

axe-core is looked for where EARMARK_AXE names its axe.min.js (`npm install axe-core`).
"""

from __future__ import annotations

import os
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route

from adapters.web.app import application
from adapters.web.hear import Hearing
from adapters.web.listening import bind
from bot.domain import Enclosure, Reading, SetAside
from tests import browser
from tests.test_web_hear import Core, FakeClips
from tests.web_kit import Library, insight, sentence

pytestmark = pytest.mark.browser
LENGTH_S = 1200
RATE = 4000  # Chromium plays nothing below 3000
TIME = "document.querySelector('audio').currentTime"
NOW = "document.querySelector('.now')"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A served library and the paths of its pages by kind."""

    address: str
    paths: dict[str, str]

    def url(self, kind: str, rest: str = "") -> str:
        return self.address + self.paths[kind] + rest


def sound(folder: Path) -> Path:
    path = folder / "audio.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, RATE, 0, "NONE", ""))
        file.writeframes(b"\x80" * RATE * LENGTH_S)
    return path


def library_of(audio: str) -> tuple[Library, dict[str, str]]:
    library = Library()
    said = tuple(
        sentence(n, ("Ana", "Ben")[n // 4 % 2], f"Sentence {n} says what a loaf costs.") for n in range(110)
    )
    made = Reading(sentences=said, passages=(), set_aside=(SetAside(kind="sponsor", first=8, last=11),))
    insights = [insight(quote=said[n].text, start=said[n].start) for n in (20, 60)]
    enclosure = Enclosure(url=audio, mime_type="audio/wav")
    episode = library.add(made=made, insights=insights, enclosure=enclosure, summary="Notes.")
    digest = library.post(episode)
    ids = {"episode": episode.id, "digest": digest.id, "show": library.feed.id, "channel": library.channel.id}
    paths = {kind: library.pages.path(kind, id_) for kind, id_ in ids.items()}  # type: ignore[arg-type]
    return library, {**paths, "closed": "/"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = sound(tmp_path_factory.mktemp("audio"))
    with bind("127.0.0.1", "0") as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        library, paths = library_of(f"{address}/audio.wav")
        hearing = Hearing(core=Core(library.store, FakeClips(path, path.read_bytes())))  # type: ignore[arg-type]
        app = Starlette(
            routes=[
                Route("/audio.wav", lambda request: FileResponse(path)),
                Mount("/", application(library.store, library.pages, hearing=hearing)),
            ]
        )
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield Running(address=address, paths=paths)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    if browser.found() is None:
        pytest.skip("no Chromium or Chrome on the PATH")
    with browser.browsing(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(tab: browser.Page) -> Iterator[browser.Page]:
    """The tab, which must have had nothing to complain of in the end."""
    tab.complaints.clear()
    tab.screen(1280)
    yield tab
    assert tab.complaints == []


def test_a_click_on_a_time_plays_from_there_and_marks_the_line(page: browser.Page, running: Running) -> None:
    page.open(running.url("episode"))
    page.click(".turns a[href='#t=168']")
    assert page.until(f"!document.querySelector('audio').paused && {TIME} > 168 && {TIME}") < 176
    assert page.until(f"{NOW} && {NOW}.textContent") == "Sentence 16 says what a loaf costs."
    assert page.run("location.hash") == "#t=168"


def test_a_link_from_a_post_shows_the_insight_and_sets_the_player(
    page: browser.Page, running: Running
) -> None:
    page.open(running.url("episode", "#t=210"))
    assert (
        page.until(f"{TIME} === 210 && {NOW} && {NOW}.textContent") == "Sentence 20 says what a loaf costs."
    )
    top, height = page.run("[document.getElementById('t=210').getBoundingClientRect().top, innerHeight]")
    assert 60 < top < height, "it is in sight, and not under the player"
    assert page.run("document.querySelector('audio').paused"), "nobody asked for sound"


def test_the_transcript_follows_what_plays(page: browser.Page, running: Running) -> None:
    page.open(running.url("episode"))
    page.run("document.querySelector('audio').play()")
    page.run(f"{TIME} = 1000")
    in_sight = f"{NOW} && {NOW}.getBoundingClientRect()"
    page.until(f"{NOW} && scrollY > 500 && (({in_sight}).bottom < innerHeight)")
    page.run("document.querySelector('.player input').click()")
    before = page.run("scrollY")
    page.run(f"{TIME} = 20")
    page.until(f"{NOW}.textContent.startsWith('Sentence 1 ')")
    assert page.run("scrollY") == before, "it stays where it is when it is not to follow"


def test_a_quote_is_heard_on_its_page_and_never_over_the_episode(
    page: browser.Page, running: Running
) -> None:
    clip = "document.querySelector('.clip audio')"
    for kind in ("digest", "episode"):
        page.open(running.url(kind))
        assert page.run(f"{clip}.readyState") == 0, "it is cut when somebody wants to hear it"
        page.click(".clip summary")
        page.run(f"{clip}.play()")
        assert page.until(f"{clip}.currentTime > 0")
    page.click(".turns a[href='#t=168']")
    assert page.until(f"{TIME} > 168 && {clip}.paused")


def test_by_keyboard_alone(page: browser.Page, running: Running) -> None:
    page.open(running.url("episode"))
    page.press("Tab", 9)
    assert page.run("document.activeElement.className") == "skip"
    page.press("Enter", 13, "\r")
    assert page.until("document.activeElement.id") == "main"
    for _ in range(20):
        page.press("Tab", 9)
        if page.run("document.activeElement.matches('a.time')"):
            break
    outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where one is can be seen"
    page.press("Enter", 13, "\r")
    assert page.until(f"{TIME} >= 210 && {TIME}") < 220


def test_a_fold_opens_for_what_is_looked_for(page: browser.Page, running: Running) -> None:
    page.open(running.url("episode"))
    assert page.run("document.querySelector('details.aside').open") is False
    page.open(running.url("episode", "#t=84"))
    assert page.until("document.querySelector('details.aside').open")


def test_without_scripts_times_and_search_still_lead_there(page: browser.Page, running: Running) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(running.url("episode"))
        assert page.run("document.querySelector('.player label').hidden") is True
        page.click(".side a[href='#t=630']")
        assert page.until("scrollY > 500 && location.hash") == "#t=630"
        page.run("document.querySelector('#q').value = 'sentence 77'")
        page.click("form button")
        assert page.until("location.search") == "?q=sentence+77"
        assert page.until("document.querySelector('.hits')?.textContent.trim()").startswith("1 sentence says")
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_no_page_is_wider_than_its_screen(
    page: browser.Page, running: Running, width: int, scheme: str
) -> None:
    page.screen(width, scheme=scheme)
    for kind in running.paths:
        page.open(running.url(kind, "?q=loaf"))
        assert page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, (
            kind
        )
        paper = page.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
        assert (int(paper) < 64) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: browser.Page, running: Running, scheme: str) -> None:
    axe = Path(os.environ.get("EARMARK_AXE", "node_modules/axe-core/axe.min.js"))
    if not axe.is_file():
        pytest.skip("no axe-core (set EARMARK_AXE)")
    for width in (390, 1280):
        page.screen(width, scheme=scheme)
        for kind in running.paths:
            page.open(running.url(kind, "?q=loaf"))
            page.call("Runtime.evaluate", expression=axe.read_text(encoding="utf-8"))
            found = page.run("axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
            assert [each for each in found if each[0] in ("serious", "critical")] == [], kind
