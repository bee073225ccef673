"""The pages as a browser gets them: what they show, who may read them, and the headers that go with them."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from adapters.web.app import application
from adapters.web.headers import HEADERS
from bot.domain import Reading, SetAside, Transcript
from bot.errors import StoreError
from bot.ports import PageKind
from tests.web_kit import SEALED, Library, insight, sentence

KINDS: tuple[PageKind, ...] = ("episode", "digest", "show", "channel")


class NoStore:
    """Nothing may be asked of it."""

    def __getattr__(self, name: str) -> object:
        def asked(*_: object) -> None:
            raise AssertionError(f"{name} was asked of the store")

        return asked


class Tags(HTMLParser):
    """Every start tag with its attributes, in order, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for name, attrs in self.tags if name == tag and attribute in attrs]


def get(client: TestClient, path: str) -> Tags:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Tags(answer.text)


@pytest.fixture
def library() -> Library:
    return Library()


def test_an_episode_plays_reads_and_shows_what_was_said_where(library: Library) -> None:
    episode = library.add(summary="Notes <b>here</b>")
    page = get(library.client(), library.pages.path("episode", episode.id))
    assert page.all("audio", "src") == ["https://cdn.example/1.mp3"]
    assert page.all("audio", "preload") == ["none"]
    assert "Flour is ten percent of it." in page.text and "Because" not in page.text
    assert "Notes <b>here</b>" in page.text
    assert page.all("div", "id") == ["t=42"]
    assert "#t=42" in page.all("a", "href")
    assert "Sponsor read, 0:19" in page.text
    assert page.all("details", "class").count("aside") == 2


def test_every_link_on_a_page_leads_to_something(library: Library) -> None:
    digest = library.post(
        library.add(), library.add(title="Another", insights=[insight(headline="Salt keeps")])
    )
    client = library.client()
    paths = [library.pages.path(*page) for page in (("channel", library.channel.id), ("digest", digest.id))]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = Tags(answer.text)
        ids = {str(attrs["id"]) for _, attrs in page.tags if "id" in attrs}
        found = page.all("a", "href") + page.all("link", "href") + page.all("script", "src")
        assert {link[1:] for link in found if link.startswith("#")} <= ids, path
        paths += {link.partition("#")[0] for link in found if link.startswith("/")} - seen - {*paths}
    assert len([path for path in seen if path.startswith("/e/")]) == 2
    assert len([path for path in seen if path.startswith("/s/")]) == 1


def test_a_post_links_to_the_place_where_it_was_said(library: Library) -> None:
    from bot.digest import view
    from bot.views import Item

    made = library.post(library.add())
    items = [part for part in view(made, library.pages).parts if isinstance(part, Item)]
    linked = [link for item in items for link in (item.page, item.link)]
    assert len(set(linked)) == 1, "the moment too: our page plays from there"
    address = urlsplit(linked[0])
    assert address.netloc == "ear.example"
    page = get(library.client(), address.path)
    assert address.fragment in page.all("div", "id")


def test_a_digest_says_each_insight_and_where_to_read_and_hear_it(library: Library) -> None:
    page = get(library.client(), library.pages.path("digest", library.post(library.add()).id))
    links = page.all("a", "href")
    assert "https://cdn.example/1.mp3#t=42" in links
    assert [link for link in links if link.startswith("/e/") and link.endswith("#t=42")]
    assert "The one thing worth knowing" in page.text and insight().text in page.text


def test_without_a_public_address_a_post_links_to_the_publisher(library: Library) -> None:
    from bot.digest import view
    from bot.views import Item

    made = library.post(library.add())
    for pages in (None, replace(library.pages, base="")):
        linked = [part.page for part in view(made, pages).parts if isinstance(part, Item)]
        assert linked == ["https://bread.example/1"]


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
    assert "cdn.example" not in post and "Hear it" not in post
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


def test_no_page_has_code_or_style_of_its_own(library: Library) -> None:
    digest = library.post(library.add())
    client = library.client()
    for path in (library.pages.path("digest", digest.id), library.pages.path("episode", 2)):
        page = Tags(client.get(path).text)
        assert not [t for t, attrs in page.tags if t == "style" or (t == "script" and "src" not in attrs)]
        assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on") or a == "style"]


def test_searching_needs_no_script(library: Library) -> None:
    episode = library.add()
    client = library.client()
    path = library.pages.path("episode", episode.id)
    found = Tags(client.get(path, params={"q": "FLOUR is"}).text)
    assert "1 sentence says “FLOUR is”" in found.text
    assert found.all("input", "value") == ["FLOUR is"]
    assert [tag for tag, _ in found.tags].count("mark") == 2
    assert "Nobody says “rye”" in Tags(client.get(path, params={"q": "rye"}).text).text
    assert client.get(path, params={"q": "x" * 9000}).status_code == 200


def test_what_cannot_be_linked_is_no_link(library: Library) -> None:
    episode = library.add(link="javascript:alert(1)", enclosure=None)
    page = get(library.client(), library.pages.path("episode", episode.id))
    assert not [link for link in page.all("a", "href") if link.startswith("javascript")]
    assert "no audio" in page.text


def test_an_episode_that_has_not_been_read_yet(library: Library) -> None:
    unusable = Transcript(segments=(), usable=False, warnings=("No speech was found in the audio.",))
    episode = library.add(transcript=unusable, published_at=None, duration_s=None, title="")
    page = get(library.client(), library.pages.path("episode", episode.id))
    assert "no transcript of this episode yet" in page.text


def test_a_day_without_insights_has_a_page(library: Library) -> None:
    digest = library.post()
    assert "worth a post" in get(library.client(), library.pages.path("digest", digest.id)).text


def test_long_lists_have_pages(library: Library) -> None:
    library.post(library.add(title="Newest"))
    for number in range(60):
        library.add(title=f"Older {number}", insights=[], published_at=library.now.replace(year=2020))
    client = library.client()
    path = library.pages.path("show", library.feed.id)
    first, second = get(client, path), get(client, f"{path}?page=2")
    assert "Newest" in first.text and "?page=2" in first.all("a", "href")
    assert "Older" in second.text and "?page=1" in second.all("a", "href")
    assert "Older" not in get(client, f"{path}?page=99").text
    assert "Newest" in get(client, f"{path}?page=x").text


def test_under_a_path_of_its_own_with_and_without_a_proxy_that_strips_it() -> None:
    library = Library()
    library.pages = replace(library.pages, base="https://ear.example/pages")
    episode = library.add()
    path = library.pages.path("episode", episode.id)
    client = library.client(public_url="https://ear.example/pages/")
    for asked in (path, f"/pages{path}"):
        links = get(client, asked).all("link", "href")
        assert links and all(link.startswith("/pages/static/") for link in links)
        assert client.get(links[0]).status_code == 200


def test_health(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    client = library.client()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 200

    def down(*_: object) -> None:
        raise StoreError("The database can't be reached.")

    episode = library.add()
    for name in ("secret", "episode", "channel"):
        monkeypatch.setattr(library.store, name, down)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    troubled = client.get(library.pages.path("episode", episode.id))
    assert troubled.status_code == 503 and "Try again" in troubled.text


def test_three_hours_are_a_page_of_moderate_size(library: Library) -> None:
    sentences = tuple(
        sentence(
            n, ("Ana", "Ben")[n // 6 % 2], f"Sentence {n} says that a loaf costs what it costs, more or less."
        )
        for n in range(3000)
    )
    made = Reading(
        sentences=sentences, passages=(), set_aside=(SetAside(kind="sponsor", first=90, last=120),)
    )
    insights = [insight(quote=s.text, start=s.start) for s in sentences[::300]]
    episode = library.add(made=made, insights=insights)
    path = library.pages.path("episode", episode.id)
    answer = library.client().get(path, params={"q": "loaf"})
    assert len(answer.content) < 1_500_000
    assert "3000 sentences say" in answer.text and "the first 200" in answer.text
