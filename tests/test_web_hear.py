"""Clips on pages: only quotes of a page that one has the link of, cut once, and never too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from adapters.web.hear import Hearing
from bot.domain import Clip, Digest, Erratum, Pick, Sentence
from bot.errors import AudioError
from bot.limits import Limits
from bot.ports import Store
from tests.web_kit import NOW, SEALED, Library, get, insight


class FakeClips:
    """Cuts the same file for all, and keeps it unless told not to."""

    def __init__(self, path: Path, content: bytes = b"ID3 an mp3") -> None:
        path.write_bytes(content)
        self.path, self.cut, self.refuse = path, list[int](), ""
        self.keeps = True

    def kept(self, pick: Pick) -> Clip | None:
        return self._clip() if self.keeps and pick.insight.id in self.cut else None

    def clip(self, pick: Pick, sentences: Sequence[Sentence]) -> Clip:
        assert sentences, "it is found by the words around it"
        if self.refuse:
            raise AudioError(self.refuse)
        self.cut.append(pick.insight.id)
        return self._clip()

    def _clip(self) -> Clip:
        return Clip(path=self.path, title="t", duration_s=30.0, said_at=1.0, text="x", share=1.0)


@dataclass
class Core:
    store: Store
    clips: FakeClips
    limits: Limits = field(default_factory=lambda: Limits(lambda: NOW))


@dataclass
class Desk:
    library: Library
    core: Core

    def client(self, **given: object) -> TestClient:
        return self.library.client(hearing=Hearing(core=self.core), **given)  # type: ignore[arg-type]

    def file(self, made: Digest, n: int = 0) -> str:
        path = self.library.pages.path("digest", made.id)
        return f"{path}/hear/{made.picks[n].insight.id}.mp3"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    library = Library()
    return Desk(library, Core(library.store, FakeClips(tmp_path / "clip.mp3")))


def players(client: TestClient, path: str) -> list[str]:
    return [src for src in get(client, path).all("audio", "src") if "/hear/" in src]


def test_each_quote_of_a_post_and_an_episode_can_be_heard_and_is_cut_once(desk: Desk) -> None:
    episode = desk.library.add()
    made, client = desk.library.post(episode), desk.client()
    paths = desk.library.pages.path("digest", made.id), desk.library.pages.path("episode", episode.id)
    [of_post], [of_episode] = (players(client, path) for path in paths)
    assert desk.core.clips.cut == [], "looking at a page cuts nothing"
    for address in (of_post, of_episode):
        answer = client.get(address)
        assert answer.content == b"ID3 an mp3" and answer.headers["content-type"] == "audio/mpeg"
        assert 'filename="bread-talk-' in answer.headers["content-disposition"]
    assert desk.core.clips.cut == [made.picks[0].insight.id]
    part = client.get(of_post, headers={"Range": "bytes=4-5", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, b"an"), "players seek"


def test_no_other_audio_comes_that_way(desk: Desk) -> None:
    """Not of another post or episode, not withdrawn, not private, not without the page's token."""
    library = desk.library
    one, other = library.add(), library.add(title="Another one")
    private = library.add(title="Members only", enclosure=SEALED)
    silent = library.add(title="Without audio", enclosure=None)
    made, elsewhere = library.post(one), library.post(other, private, silent, day=1)
    client, path = desk.client(), library.pages.path("digest", made.id)
    theirs = [f"{path}/hear/{pick.insight.id}.mp3" for pick in elsewhere.picks]
    own = [desk.file(elsewhere, 1), desk.file(elsewhere, 2), desk.file(made).replace(path, f"{path}x")]
    wild = [f"{path}/hear/{each}.mp3" for each in ("0", "-1", "x", "9" * 30, "..%2f1", "%00")]
    assert {client.get(each).status_code for each in (*theirs, *own, *wild)} == {404}
    about = made.picks[0].insight.id
    library.store.decide(Erratum(insight_id=about, channel_id=None, verdict="withdrawn", decided_at=NOW))
    assert client.get(desk.file(made)).status_code == 404 and players(client, path) == []
    assert desk.core.clips.cut == []


def test_off_for_the_channel_for_all_or_for_everybody_who_comes_by(desk: Desk) -> None:
    library = desk.library
    episode = library.add()
    made = library.post(episode)
    page = library.pages.path("episode", episode.id)
    without = library.client()
    assert players(without, page) == [] and without.get(desk.file(made)).status_code == 404
    public = desk.client(is_public=True)
    assert players(public, page.rpartition("/")[0]) == [], "an open library cuts nothing for the whole world"
    client = desk.client()
    assert players(client, page)
    library.store.save_channel(replace(library.store.channel(library.channel.id), clips=False))
    assert players(client, page) == [] and client.get(desk.file(made)).status_code == 404


def test_what_can_not_be_cut_is_told_and_not_tried_all_day(desk: Desk) -> None:
    made, client = desk.library.post(desk.library.add()), desk.client()
    desk.core.clips.refuse = "The words aren't there any more."
    answers = [client.get(desk.file(made)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 429, 429]
    assert "aren&#39;t there any more" in answers[0].text and "try again in" in answers[-1].text


def test_all_readers_together_have_a_limit_that_what_is_kept_is_no_part_of(desk: Desk) -> None:
    many = [insight(quote=f"Quote {n}.", start=n * 10.5) for n in range(25)]
    made, client = desk.library.post(desk.library.add(insights=many)), desk.client()
    statuses = [client.get(desk.file(made, n)).status_code for n in range(25)]
    assert statuses == [200] * 20 + [429] * 5
    assert client.get(desk.file(made, 0)).status_code == 200
