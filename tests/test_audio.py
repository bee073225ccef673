"""Audio: what comes as an enclosure, and what is in it."""

from __future__ import annotations

import http.server
import json
import os
import random
import threading
import wave
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bot.audio import RATE, AudioFiles, decode, pieces, probe
from bot.audio.kinds import check_is_audio
from bot.domain import Enclosure, Episode
from bot.errors import AudioError, FetchError

URL = "https://pod.example/1.mp3"


def write_wav(path: Path, seconds: float, *, rate: int = 8000, channels: int = 1) -> Path:
    samples = (np.sin(np.arange(round(seconds * rate)) / 5) * 9000).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


class FakeFetcher:
    """Gives `body`; with `breaks` the first download stops in the middle, as a lost connection does."""

    def __init__(self, body: bytes, *, breaks: bool = False) -> None:
        self.body, self.breaks, self.asked = body, breaks, []

    def download(
        self,
        url: str,
        path: Path,
        *,
        sealed: str = "",
        max_bytes: int = 0,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self.asked.append((url, sealed, max_bytes, path.stat().st_size if path.exists() else 0))
        if self.breaks and len(self.asked) == 1:
            path.write_bytes(self.body[: len(self.body) // 2])
            raise FetchError("broke off")
        path.write_bytes(self.body)


def an_episode(url: str = URL, **fields: object) -> Episode:
    return Episode(title="One", enclosure=Enclosure(url=url, sealed="s"), **fields)  # type: ignore[arg-type]


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    return write_wav(tmp_path / "sound.wav", 2).read_bytes()


def test_an_enclosure_is_downloaded_once_by_its_real_address(tmp_path: Path, sound: bytes) -> None:
    fetcher = FakeFetcher(sound)
    files = AudioFiles(fetcher, tmp_path / "audio", max_bytes=5000)
    path = files.get(an_episode())
    assert path.read_bytes() == sound and files.get(an_episode()) == path
    assert fetcher.asked == [(URL, "s", 5000, 0)]
    assert files.get(an_episode("https://pod.example/2.mp3")) != path


def test_a_broken_download_is_gone_on_with(tmp_path: Path, sound: bytes) -> None:
    fetcher = FakeFetcher(sound, breaks=True)
    files = AudioFiles(fetcher, tmp_path / "audio")
    with pytest.raises(FetchError):
        files.get(an_episode())
    assert files.get(an_episode()).read_bytes() == sound
    assert fetcher.asked[1][3] == len(sound) // 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\n<!DOCTYPE html><html>Please log in", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (b"#EXTM3U\nhttp://169.254.169.254/", "is a playlist"),
        (b'{"error": "not found"}', "is data"),
        (b"", "is empty"),
        (bytes(9000), "only zeros"),
        (random.Random(1).randbytes(3000), "can't be read as audio|can't be decoded"),
        (b"ffconcat version 1.0\nfile /etc/hostname", "is a playlist"),
    ],
)
def test_what_is_not_audio_is_said_and_not_kept(tmp_path: Path, body: bytes, words: str) -> None:
    folder = tmp_path / "audio"
    with pytest.raises(AudioError, match=words):
        decode(AudioFiles(FakeFetcher(body), folder).get(an_episode()))
    assert not list(folder.glob("*.part"))


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    inner = write_wav(tmp_path / "inner.wav", 1)
    playlist = tmp_path / "episode.mp3"
    playlist.write_text(f"#EXTINF:1\n#EXTM3U\n#EXTINF:1,\nfile://{inner}\n")
    with pytest.raises(AudioError):
        decode(playlist)


def test_what_is_too_long_is_not_even_downloaded(tmp_path: Path, sound: bytes) -> None:
    fetcher = FakeFetcher(sound)
    with pytest.raises(AudioError, match=r"2\.0 hours long; more than 1 "):
        AudioFiles(fetcher, tmp_path, max_s=3600).get(an_episode(duration_s=7200))
    assert not fetcher.asked


def test_the_length_in_the_file_counts_too(tmp_path: Path, sound: bytes) -> None:
    with pytest.raises(AudioError, match="hours long"):
        AudioFiles(FakeFetcher(sound), tmp_path / "audio", max_s=1.5).get(an_episode(duration_s=1))


def test_an_episode_without_enclosure(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no audio file"):
        AudioFiles(FakeFetcher(b""), tmp_path).get(Episode(title="One"))


def test_what_was_used_lately_stays(tmp_path: Path, sound: bytes) -> None:
    files = AudioFiles(FakeFetcher(sound), tmp_path / "audio", keep_days=7)
    old, new = files.get(an_episode()), files.get(an_episode("https://pod.example/2.mp3"))
    now = datetime.now(UTC)
    week_ago = (now - timedelta(days=7, minutes=1)).timestamp()
    part = tmp_path / "audio" / "left.part"
    part.write_bytes(b"half")
    for path in (old, part):
        os.utime(path, (week_ago, week_ago))
    assert files.sweep(now) == 2
    assert list((tmp_path / "audio").iterdir()) == [new]
    os.utime(new, (week_ago, week_ago))
    files.get(an_episode("https://pod.example/2.mp3"))
    assert files.sweep(now) == 0


def test_what_is_in_hand_stays_even_if_nothing_is_to_be_kept(tmp_path: Path, sound: bytes) -> None:
    files = AudioFiles(FakeFetcher(sound), tmp_path / "audio", keep_days=0)
    path, now = files.get(an_episode()), datetime.now(UTC)
    assert files.sweep(now) == 0 and path.is_file()
    assert files.sweep(now + timedelta(hours=1, minutes=1)) == 1


def test_pieces_are_of_one_length_and_lose_nothing(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 7.3, rate=44100, channels=2)
    parts = list(pieces(path, 3))
    assert [round(len(part) / RATE, 1) for part in parts] == [3, 3, 1.3]
    whole = decode(path)
    assert np.array_equal(np.concatenate(parts), whole) and whole.dtype == np.float32
    assert 0.2 < np.abs(whole).max() <= 1


def test_audio_that_goes_on_for_too_long_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 7)
    with pytest.raises(AudioError, match="longer than"):
        list(pieces(path, 1, max_s=5))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="there is no file"):
        probe(tmp_path / "nothing.mp3")


def test_an_audio_file_is_audio(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 1, rate=22050, channels=2)
    check_is_audio(path)
    info = probe(path)
    assert (info.duration_s, info.codec, info.sample_rate, info.channels) == (1.0, "pcm_s16le", 22050, 2)


@pytest.mark.data
def test_every_real_file_has_its_length_or_a_clear_error(data_dir: Path) -> None:
    lost = {"truncated_m4a.m4a": 0.6, "bitrot_sonnet1.mp3": 52.3}  # what is left of damaged ones
    for line in (data_dir / "audio" / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        path = data_dir / "audio" / row["file"]
        if "corrupt" in row["file"] or "not_audio" in row["file"] or "emptyfile" in row["file"]:
            with pytest.raises(AudioError, match=row["file"]):
                decode(path)
            continue
        seconds = sum(len(part) for part in pieces(path, 60)) / RATE
        assert seconds == pytest.approx(lost.get(row["file"], row["duration_s"]), abs=0.2), row["file"]


class _Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with Range; the first answer breaks off in the middle."""

    broken: set[str] = set()  # noqa: RUF012

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        part = data[start:] if self.path in self.broken else data[: len(data) // 2]
        self.broken.add(self.path)
        self.wfile.write(part)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    write_wav(folder / "one.wav", 60)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Ranges, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    _Ranges.broken.clear()


def test_over_http_a_download_is_resumed(tmp_path: Path, served: str) -> None:
    from cryptography.fernet import Fernet

    from bot.feeds.fetch import Fetcher
    from bot.vault import Vault

    fetcher = Fetcher(Vault(Fernet.generate_key().decode()), allow=(served,))
    files = AudioFiles(fetcher, tmp_path / "audio")
    episode = Episode(title="One", enclosure=Enclosure(url=f"http://{served}/one.wav"))
    with pytest.raises(FetchError):
        files.get(episode)
    path = files.get(episode)
    assert path.read_bytes() == (tmp_path / "served" / "one.wav").read_bytes()
    assert [p.name for p in (tmp_path / "audio").iterdir()] == [path.name]
