"""Large files: streamed, resumed if they are still the same, refused if too large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import FetchError, Refused
from bot.feeds.fetch import Fetcher
from bot.vault import Vault
from tests.feed_server import Asked, FeedServer, Reply

VAULT = Vault(Fernet.generate_key().decode())


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def fetcher(server: FeedServer) -> Fetcher:
    return Fetcher(VAULT, allow={server.host}, connect_s=3, read_s=3, page_s=5, file_s=5)


AUDIO = bytes(range(256)) * 400


def ranged(asked: Asked) -> Reply:
    """A server that resumes the version "v1"."""
    headers = {"ETag": '"v1"', "Content-Type": "audio/mpeg"}
    wanted = asked.headers.get("range", "")
    if not wanted or asked.headers.get("if-range") != '"v1"':
        return Reply(200, AUDIO, headers)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(AUDIO):
        return Reply(416, headers={"Content-Range": f"bytes */{len(AUDIO)}"})
    there = f"bytes {start}-{len(AUDIO) - 1}/{len(AUDIO)}"
    return Reply(206, AUDIO[start:], {**headers, "Content-Range": there})


def test_download_streams_and_reports(server: FeedServer, fetcher: Fetcher, tmp_path: Path) -> None:
    server.routes["/a.mp3"] = ranged
    seen: list[tuple[int, int]] = []
    path = tmp_path / "a.part"
    done = fetcher.download(server.url("/a.mp3"), path, progress=lambda n, total: seen.append((n, total)))
    assert path.read_bytes() == AUDIO
    assert (done.content_type, done.size_bytes, done.resumed) == ("audio/mpeg", len(AUDIO), False)
    assert seen[-1] == (len(AUDIO), len(AUDIO)) and len(seen) > 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.part"]


def test_a_version_that_is_no_text_is_not_resumed(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, {"ETag": '"\xff"'}, cut=50_000)
    for _ in range(2):
        with pytest.raises(FetchError, match="broke off"):
            fetcher.download(server.url("/a"), tmp_path / "a.part")
    assert ["range" in asked.headers for asked in server.asked] == [False, False]


def test_a_broken_download_goes_on_where_it_stopped(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, {"ETag": '"v1"'}, cut=50_000)
    path = tmp_path / "a.part"
    with pytest.raises(FetchError, match="broke off"):
        fetcher.download(server.url("/a"), path)
    size = path.stat().st_size
    server.routes["/a"] = ranged
    assert fetcher.download(server.url("/a"), path).resumed
    assert path.read_bytes() == AUDIO
    assert 0 < size == int(server.asked[-1].headers["range"][6:-1])


@pytest.mark.parametrize(
    ("part", "validator", "resumed"),
    [
        (AUDIO[:1000], '"v1"', True),
        (b"old version", '"v0"', False),
        (b"of unknown version", "", False),
        (AUDIO, '"v1"', True),
        (AUDIO + b"too much", '"v1"', False),
    ],
    ids=["resumes", "changed", "unknown", "complete", "too long"],
)
def test_what_lies_there_is_used_only_if_it_fits(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path, part: bytes, validator: str, resumed: bool
) -> None:
    server.routes["/a"] = ranged
    path = tmp_path / "a.part"
    path.write_bytes(part)
    if validator:
        (tmp_path / "a.part.validator").write_text(validator)
    assert fetcher.download(server.url("/a"), path).resumed is resumed
    assert path.read_bytes() == AUDIO


def test_a_server_that_ignores_ranges_starts_afresh(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, {"ETag": '"v1"'})
    path = tmp_path / "a.part"
    path.write_bytes(AUDIO[:500])
    (tmp_path / "a.part.validator").write_text('"v1"')
    assert not fetcher.download(server.url("/a"), path).resumed
    assert path.read_bytes() == AUDIO


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_refused(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path, announced: bool
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, length=announced)
    with pytest.raises(Refused, match="larger than"):
        fetcher.download(server.url("/a"), tmp_path / "a.part", max_bytes=5000)
    part = tmp_path / "a.part"
    assert not part.exists() or part.stat().st_size <= 5000


def test_a_folder_that_cannot_be_written_is_named(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = ranged
    with pytest.raises(FetchError, match=r"missing/a\.part can't be written"):
        fetcher.download(server.url("/a"), tmp_path / "missing" / "a.part")
