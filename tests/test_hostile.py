"""Hostile inputs as a table, and what happens to each. docs/security.md tells it in words.

What adapters do with markup, mentions and signatures stands in their own tests (test_slack_render,
test_discord_render, test_web_hostile), signatures in test_slack_http; what the guarded client does with
secrets in test_fetch; bombs, sound and processes that misbehave in test_hostile_apart.
"""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot import commands, config
from bot.answer.answer import SearchAnswerer
from bot.audio import decode
from bot.domain import Channel, Episode, Feed, Segment
from bot.errors import AudioError, EarmarkError, FetchError, ModelError, NotAFeed, Refused
from bot.feeds.addresses import joined
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.pipeline import write_all
from bot.read.head import Head
from bot.read.reader import PassageReader
from bot.transcribe.published import parse
from bot.vault import Vault
from bot.views import plain
from bot.weights import Weights
from bot.write.extractive import ExtractiveWriter
from tests.feed_server import FeedServer, Reply
from tests.hostile import (
    ADDRESSES,
    ANSWERS,
    CANARY,
    CROSSINGS,
    DOCUMENTS,
    FILES,
    INSIDE,
    LISTS,
    MISBEHAVIOUR,
    ORDERS,
    PAGES,
    REACHES,
    TRANSCRIPTS,
)
from tests.test_answer import STREETS, WordEncoder, source
from tests.test_audio import write_wav
from tests.test_commands import FakeCore, core_with_post
from tests.test_write_generate import GOOD, PASSAGE, SAID, reading, write

ROOT = Path(__file__).resolve().parent.parent
VAULT = Vault(Fernet.generate_key().decode())


@pytest.mark.parametrize(("url", "told"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_addresses_are_refused_before_anything_is_sent(url: str, told: str) -> None:
    with pytest.raises(FetchError, match=told):
        Fetcher(VAULT, connect_s=3).get(url)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Every name leads to the answers, in turn."""
    left = list(answers)

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_name_that_was_public_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: whoever asks the name twice, once to check and once to connect, is let in. We ask once."""
    resolving(monkeypatch, "169.254.169.254")
    with pytest.raises(Refused, match=INSIDE):
        Fetcher(VAULT).get("http://rebind.example/feed")


def test_an_allowed_host_opens_no_other(server: FeedServer) -> None:
    fetcher = Fetcher(VAULT, allow={server.host}, connect_s=3)
    server.routes["/"] = Reply(302, headers={"Location": "http://127.0.0.1/admin"})
    with pytest.raises(Refused, match=INSIDE):
        fetcher.get(server.url("/"))


@pytest.mark.parametrize(("base", "to", "kept"), CROSSINGS.values(), ids=CROSSINGS.keys())
def test_credentials_stay_with_their_host(base: str, to: str, kept: bool) -> None:
    assert ("jo:secret@" in joined(base.replace("//", "//jo:secret@"), to)) is kept


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.mark.parametrize(("reply", "told"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_end_in_words_and_within_their_limits(server: FeedServer, reply: Any, told: str) -> None:
    server.routes["/f"] = reply
    fetcher, began = Fetcher(VAULT, allow={server.host}, read_s=3, page_s=5), time.monotonic()
    try:
        body = fetcher.get(server.url("/f"), max_bytes=2_000_000).body
    except FetchError as error:
        assert told in str(error) or any(part in str(error) for part in told.split("|"))
    else:
        assert told == "" and len(body) <= 2_000_000
    assert time.monotonic() - began < 8


def test_a_body_that_drips_ends_at_its_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        host = f"127.0.0.1:{slow.getsockname()[1]}"
        fetcher = Fetcher(VAULT, allow={host}, read_s=3, page_s=0.5)
        began = time.monotonic()
        with pytest.raises(FetchError, match="took too long"):
            fetcher.get(f"http://{host}/")
    assert time.monotonic() - began < 3


def test_audio_that_is_longer_than_it_says_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="longer than"):
        decode(write_wav(tmp_path / "long.wav", 3), max_s=1)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents_fetch_nothing_and_stay_small(server: FeedServer, document: str) -> None:
    server.routes["/x"] = Reply(200, b"<!ENTITY x 'root:x:0:0'>")
    body, began = document.replace("{host}", server.host).encode(), time.monotonic()
    reader = FeedparserReader(Fetcher(VAULT), VAULT, jitter=lambda: 0.0)
    try:
        feed, _ = reader.parse(body, "https://a.example/feed")
    except NotAFeed:
        feed = Feed(url="")
    assert server.asked == [] and time.monotonic() - began < 30
    assert "root:" not in feed.title and "<script" not in feed.title and len(feed.title) <= 500


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_orders_in_a_transcript_are_words_like_others(order: str) -> None:
    for place in range(len(SAID)):
        said = (*SAID[:place], order, *SAID[place:][:3])
        made = ExtractiveWriter().write(PASSAGE, reading(*said), Episode(id=7, title="Streets"))
        assert made is None or ("evil.example" not in made.headline + made.text and "@" not in made.text)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_a_model_that_obeys_is_stopped_at_the_gate(order: str) -> None:
    assert write(f"White roofs made streets in Lyon cooler\n{order}") is None
    assert write(f"{order[:60]}\n{GOOD.partition(chr(10))[2]} {CANARY}") is None


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_answers_quote_and_obey_nobody(order: str) -> None:
    answerer = SearchAnswerer(WordEncoder(), threshold=0.0)
    honest, tampered = source("Roofs", STREETS), source("Roofs", (*STREETS, order))
    question = "How much cooler did white roofs make the streets?"
    assert answerer.answer(question, [tampered]).text == answerer.answer(question, [honest]).text
    asked_for = answerer.answer(f"What about this: {order}", [tampered])
    said = " ".join(segment.text for segment in tampered.transcript.segments)
    assert all(cited.quote in said for cited in asked_for.citations)


@pytest.mark.model
def test_a_whole_episode_full_of_orders_gives_none_of_them() -> None:
    weights = Weights(config.load().cache_dir / "weights", progress=lambda *args: None)
    told = parse((ROOT / "bot/demo/canopy.vtt").read_bytes(), "text/vtt")
    mixed = [part for n, s in enumerate(told.segments) for part in _with_order(n, s)]
    reading_ = PassageReader.load(weights, threads=1).read(replace(told, segments=tuple(mixed)))
    made = write_all(ExtractiveWriter(), told, reading_, Episode(id=1, title="Trees", show="Show"), 20)
    assert made, "what is worth knowing is still found"
    for insight in made:
        assert "evil.example" not in f"{insight.headline} {insight.text} {insight.quote}"
        assert "@everyone" not in insight.text


def _with_order(number: int, segment: Segment) -> list[Segment]:
    order = list(ORDERS.values())[number % len(ORDERS)]
    return [segment, replace(segment, text=order)] if number % 6 == 3 else [segment]


def test_tampered_weights_are_refused_and_nothing_is_unpickled(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Bad:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
            return Path.touch, (ran,)

    real = (ROOT / "bot/read/reader.safetensors").read_bytes()
    for body in (pickle.dumps(Bad()), real[:1000], b"\xff" * 8 + real[8:], b""):
        (tmp_path / "reader.safetensors").write_bytes(body)
        with pytest.raises(ModelError, match=r"reader\.safetensors can't be read"):
            Head(tmp_path / "reader.safetensors")
    assert not ran.exists()


@pytest.mark.parametrize("line", REACHES)
def test_another_workspace_reads_and_changes_nothing_of_ours(line: str) -> None:
    core, ours = core_with_post()
    [made] = core.store.digests(ours.id, 1)
    theirs = core.store.save_channel(Channel(platform="slack", workspace="T666", name="C666"))
    before = _ours(core, ours.id)
    shown = _shown(core, theirs, line, made.id)
    for pick in made.picks:
        assert pick.insight.text not in shown and pick.insight.quote not in shown
    assert "Show" in line or "Show" not in shown
    assert _ours(core, ours.id) == before


def _ours(core: FakeCore, channel_id: int) -> tuple[object, ...]:
    store = core.store
    return store.subscriptions(channel_id), store.ratings(channel_id), store.channel(channel_id)


def _shown(core: FakeCore, channel: Channel, line: str, digest_id: int) -> str:
    try:
        return plain(commands.run(core, channel, line, digest_id=digest_id, user="U666", is_admin=True))
    except EarmarkError as error:
        return str(error)


def test_the_table_is_as_long_as_it_should_be() -> None:
    tables = (ADDRESSES, CROSSINGS, ANSWERS, DOCUMENTS, ORDERS, REACHES)
    apart = (FILES, TRANSCRIPTS, LISTS, PAGES, MISBEHAVIOUR)
    assert sum(map(len, tables + apart)) >= 120
