"""The pages as a browser gets them: what they show, where their links lead, how they grow, and health."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from bot.domain import Notice, Reading, SetAside, Transcript
from bot.errors import StoreError
from tests.web_kit import Library, Tags, get, insight, sentence


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


def test_a_digests_page_says_what_was_told_of_a_feed_beside_insights_and_alone(library: Library) -> None:
    told = (Notice(feed_id=library.feed.id, state="answers", text="<b>Trees</b> answers again."),)
    for made in (library.post(library.add(), notices=told), library.post(day=1, notices=told)):
        page = get(library.client(), library.pages.path("digest", made.id))
        assert page.text.count("<b>Trees</b> answers again.") == 1


def test_a_page_its_feed_and_its_file_name_where_else_it_was_said_and_what_it_follows(
    library: Library,
) -> None:
    from bot.domain import Follow, Pick

    earlier, first, second = library.add(), library.add(title="Rye"), library.add(title="<Wheat> & *oats*")
    had = library.post(earlier)
    one, other = (Pick(insight=library.store.insights(e.id)[0], episode=e) for e in (first, second))
    follows = Follow(insight_id=1, headline="Bread & <salt>", digest_id=had.id, local_date=had.local_date)
    made = library.freeze((replace(one, also=(other,), follows=follows),), day=1)
    path, client = library.pages.path("digest", made.id), library.client()
    page = get(client, path)
    assert "Bread Talk · <Wheat> & *oats*" in page.text and "yesterday’s" in page.text
    assert library.pages.path("digest", had.id) in page.all("a", "href"), "what it follows is linked"
    assert f"{library.pages.path('episode', second.id)}#t=42" in page.all("a", "href")
    feed = client.get(f"{library.pages.path('channel', library.channel.id)}/feed.xml").text
    assert "Also on" in feed and "&lt;Wheat&gt;" not in feed.replace("&amp;lt;", ""), "escaped in HTML, too"
    note = client.get(f"{path}/insights.md").text
    assert "Also on [Bread Talk · \\<Wheat\\> \\& \\*oats\\* · 0:42](<https://ear.example/" in note
    assert "Follows up on yesterday’s [“Bread \\& \\<salt\\>”]" in note
    assert "Also on Bread Talk" in client.get(f"{path}/insights.csv").text


def test_without_a_public_address_a_post_links_to_the_publisher(library: Library) -> None:
    from bot.digest import view
    from bot.views import Item

    made = library.post(library.add())
    for pages in (None, replace(library.pages, base="")):
        linked = [part.page for part in view(made, pages).parts if isinstance(part, Item)]
        assert linked == ["https://bread.example/1"]


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
