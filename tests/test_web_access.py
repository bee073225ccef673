"""Who may read which page: tokens, what is private, what PAGES=public opens, and the headers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from adapters.web.app import application
from adapters.web.headers import HEADERS
from bot.ports import PageKind
from tests.web_kit import SEALED, Library, get

KINDS: tuple[PageKind, ...] = ("episode", "digest", "show", "channel")


@pytest.fixture
def library() -> Library:
    return Library()


class NoStore:
    """Nothing may be asked of it."""

    def __getattr__(self, name: str) -> object:
        def asked(*_: object) -> None:
            raise AssertionError(f"{name} was asked of the store")

        return asked


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_right_token_opens_and_all_refusals_look_alike(library: Library, kind: PageKind) -> None:
    digest = library.post(library.add())
    ids = {"episode": digest.picks[0].episode.id, "digest": digest.id, "show": library.feed.id}
    right = library.pages.path(kind, ids.get(kind, library.channel.id))
    client = library.client()
    assert client.get(right).status_code == 200
    letter, number, token = right[1:].split("/")
    others = [library.pages.path(other, int(number)).split("/")[3] for other in KINDS if other != kind]
    wrong = [*others, token[:-1], f"{token}A", token.swapcase(), "é", "%00", "a" * 5000, "..", " "]
    paths = [f"/{letter}/{number}/{each}" for each in wrong]
    paths += [f"/{letter}/{number}", f"/{letter}/{number}/", f"/{letter}/x/{token}", f"/{letter}/-1/{token}"]
    paths += [f"/{letter}/{each}/{token}" for each in ("0", "00", "²", "9" * 30, "9" * 5000, f"0{number}")]
    paths += [library.pages.path(kind, 987654321)]
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers if "no such page" in answer.text}) == 1


def test_a_wrong_token_is_refused_before_the_store_is_asked(library: Library) -> None:
    """So that what is there and what isn't take the same time."""
    without = TestClient(application(NoStore(), library.pages))  # type: ignore[arg-type]
    for letter in "esdc":
        assert without.get(f"/{letter}/1/{'x' * 22}").status_code == 404


def test_another_key_or_salt_ends_all_links(library: Library) -> None:
    episode = library.add()
    old = library.pages.path("episode", episode.id)
    library.pages = replace(library.pages, key=lambda: b"z" * 32)
    assert library.client().get(old).status_code == 404


def test_private_audio_is_never_linked_and_said_so(library: Library) -> None:
    private = library.follow("https://feeds.example/~0123456789", title="Members", sealed="gAAAA-feed")
    by_feed = library.add(private, title="Of a private feed")
    by_audio = library.add(title="With private audio", enclosure=SEALED)
    client = library.client()
    post = client.get(library.pages.path("digest", library.post(by_feed, by_audio).id)).text
    assert "cdn.example" not in post and "The episode's audio" not in post
    for episode in (by_feed, by_audio):
        answer = client.get(library.pages.path("episode", episode.id))
        assert "cdn.example" not in answer.text and "gAAAA" not in answer.text
        assert "private podcast" in answer.text and "<audio" not in answer.text
    # One shared page of a private show opens that page, and nothing more.
    page = get(client, library.pages.path("episode", by_feed.id))
    assert not [link for link in page.all("a", "href") if link.startswith(("/s/", "/d/", "/c/"))]


def test_the_library_is_closed_unless_it_is_made_public(library: Library) -> None:
    episode = library.add()
    closed, opened = library.client(), library.client(is_public=True)
    assert "Bread Talk" not in closed.get("/").text
    assert closed.get(f"/e/{episode.id}").status_code == 404
    paths = {link for link in get(opened, "/").all("a", "href") if link.startswith("/")}
    assert paths == {f"/s/{library.feed.id}"}
    show = get(opened, f"/s/{library.feed.id}")
    assert f"/e/{episode.id}" in show.all("a", "href")
    assert opened.get(f"/e/{episode.id}").headers["x-robots-tag"] == "all"


def test_a_public_library_keeps_private_shows_and_channels_secret(library: Library) -> None:
    private = library.follow("https://feeds.example/~0123456789", title="Members", sealed="gAAAA-feed")
    hidden = library.add(private, title="Hidden")
    digest = library.post(library.add(), hidden)
    sealed = library.add(title="Sealed audio", enclosure=SEALED)
    client = library.client(is_public=True)
    assert "Members" not in client.get("/").text
    paths = [f"/s/{private.id}", f"/e/{hidden.id}", f"/e/{sealed.id}", f"/d/{digest.id}"]
    paths += [f"/d/{digest.id}/", f"/c/{library.channel.id}", f"/c/{library.channel.id}/feed.xml"]
    assert [client.get(path).status_code for path in paths] == [404] * len(paths)
    assert client.get(library.pages.path("episode", hidden.id)).status_code == 200
    assert "Sealed audio" not in client.get(f"/s/{library.feed.id}").text


def test_headers_of_every_answer(library: Library) -> None:
    episode = library.add()
    client = library.client()
    style = re.search(r'/static/[^"]+css', client.get("/").text)
    assert style is not None
    for path in ("/", library.pages.path("episode", episode.id), "/e/1/wrong", style[0], "/healthz"):
        headers = client.get(path).headers
        assert {name: headers[name.lower()] for name in HEADERS} == HEADERS, path
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert "immutable" in client.get(style[0]).headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "private, no-cache"
    assert client.post("/").status_code == 405
    assert client.get("/static/x/..%2fapp.py").status_code == 404
