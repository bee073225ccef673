"""Clips: which stretch, found wherever it has moved to, with no more of the file than that takes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import AudioFiles, AudioInfo, probe
from bot.audio.excerpt import CLIP_RATE, stretch, write_mp3
from bot.audio.mp3 import begins_at, mapped
from bot.clips.apart import Ears
from bot.clips.choose import LONGEST_S, SHORTEST_S, choose, cut_times
from bot.clips.job import Done, Job
from bot.clips.maker import Clips
from bot.clips.words import bare, found, own_borders, sentence_borders
from bot.domain import Enclosure, Episode, Insight, Pick, Sentence, Word
from bot.errors import AudioError, EarmarkError, FetchError
from bot.feeds.fetch import Fetcher
from bot.vault import Vault
from tests.feed_server import Asked, FeedServer, Reply

DEMO = Path(__file__).resolve().parent.parent / "bot" / "demo"
VAULT = Vault(Fernet.generate_key().decode())
A_FILE = AudioInfo(duration_s=None, codec="opus", sample_rate=48_000, channels=1)
QUOTE = "Flour is ten percent of the price of a loaf, and wages are half of it."


def spoken(*sentences: str, pause: float = 0.6, a_word: float = 0.4, start: float = 0.0) -> list[Word]:
    words, at = list[Word](), start
    for sentence in sentences:
        for text in sentence.split():
            words.append(Word(start=at, end=at + a_word * 0.8, text=text))
            at += a_word
        at += pause
    return words


# which stretch


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40), st.data(), st.sampled_from([0.2, 0.4, 0.7]))
def test_a_clip_is_20_to_60_seconds_and_holds_the_quote(
    lengths: list[int], data: st.DataObject, a_word: float
) -> None:
    words = spoken(*(" ".join(["word"] * (n - 1) + ["end."]) for n in lengths), a_word=a_word)
    first = data.draw(st.integers(0, len(words) - 1))
    last = min(len(words) - 1, first + data.draw(st.integers(0, 30)))
    length_s = words[-1].end + 1
    gaps = choose(words, first, last, own_borders(words) | {0, len(words)})
    start, end = cut_times(words, gaps, length_s)
    assert 0 <= start < end <= length_s
    assert end - start <= LONGEST_S + 0.01
    assert start <= words[first].start and words[last].end <= end
    assert end - start >= min(SHORTEST_S, words[-1].end - words[0].start) - 1


def test_whole_sentences_where_that_can_be() -> None:
    said = [f"This is sentence {n} of what they say here and now." for n in range(12)]
    words = spoken(*said)
    begin, end = choose(words, 50, 60, own_borders(words) | {0})
    text = " ".join(word.text for word in words[begin:end])
    assert text.startswith("This is sentence") and text.endswith("now.")
    assert begin <= 50 and end > 60


def test_a_quote_of_more_than_a_minute_begins_the_clip() -> None:
    words = spoken(" ".join(["word"] * 300) + ".")
    begin, end = choose(words, 20, 290, own_borders(words))
    assert begin == 20 and 50 < words[end - 1].end - words[begin].start <= LONGEST_S


# words


def test_a_quote_is_found_through_what_recognisers_do_to_it() -> None:
    words = spoken("So, well. flower is 10% of the um price of a loaf and the wages are half of it. Right?")
    match = found(QUOTE, words)
    assert match and match.share > 0.8
    assert (words[match.first + 1].text, words[match.last].text) == ("is", "it.")


def test_other_words_are_not_the_quote() -> None:
    match = found(
        QUOTE, spoken("The price of it is what they are after, and half of the time a lot of it is air.")
    )
    assert match is None or match.share < 0.6
    assert found(QUOTE, []) is None and found("", spoken("Words.")) is None


def test_the_transcripts_sentences_are_found_in_what_was_heard() -> None:
    words = spoken("so flour is ten percent of it", "and wages uh are half of all that", "rent is the rest")
    known = ["Flour is ten percent of it.", "And wages are half of all that.", "Rent is the rest."]
    assert {7, 15} <= sentence_borders(known, words)


# parts of an MP3


@pytest.mark.parametrize("name", ["bread.mp3", "canopy.mp3", "sleep.mp3"])
def test_seconds_are_where_the_map_says(name: str, tmp_path: Path) -> None:
    data = (DEMO / name).read_bytes()
    begin = begins_at(data)
    found_map = mapped(data[begin : begin + 65_536], begin, len(data))
    assert found_map and found_map.duration_s == pytest.approx(probe(DEMO / name).duration_s or 0, abs=0.2)
    at = found_map.at(120)
    assert found_map.time(at) == pytest.approx(120, abs=0.1)
    (tmp_path / "part.mp3").write_bytes(data[at : found_map.at(150)])
    whole, part = stretch(DEMO / name, 110, 130, 8_000), stretch(tmp_path / "part.mp3", 0, 2, 8_000)
    lag = int(np.argmax(np.correlate(whole, part, "valid"))) / 8_000
    assert lag == pytest.approx(10, abs=4)


@pytest.mark.parametrize(
    "junk", [b"", b"\xff" * 5000, b"ID3", bytes(range(256)) * 50, b"\xff\xfb\x90\x00" * 9]
)
def test_what_is_no_mp3_has_no_map(junk: bytes) -> None:
    assert mapped(junk, begins_at(junk), len(junk)) is None


# where it is looked for


@dataclass
class Heard:
    """Stands in for the other process: the quote is said at `at` in a file of `length` seconds."""

    at: float
    length: float = 3600.0
    jobs: list[Job] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def work(self, job: Job) -> Done:
        self.jobs.append(job)
        self.sizes.append(Path(job.path).stat().st_size)
        if job.start <= self.at < job.end:
            Path(job.out).write_bytes(b"a clip")
            return Done(
                status="cut", start=self.at - 10, end=self.at + 20, quote_at=self.at, share=1, text="x"
            )
        return Done(status="absent", ended=job.end >= self.length)


SENTENCES = (Sentence(start=300.0, end=305.0, speaker="Ana", text=QUOTE),)


def a_pick(url: str, *, sealed: str = "", start: float | None = 300.0, language: str = "en") -> Pick:
    enclosure = Enclosure(url=url, sealed=sealed)
    episode = Episode(id=1, title="Loaves", show="Bread", enclosure=enclosure, language=language)
    return Pick(insight=Insight(id=7, headline="h", text="t", quote=QUOTE, start=start), episode=episode)


def clips_of(folder: Path, fetcher: Fetcher, process: object, *, english_only: bool = True) -> Clips:
    audio = AudioFiles(fetcher, folder / "audio", max_bytes=4_000_000, look=lambda path, what: A_FILE)
    ears = Ears(model="m", threads=1, english_only=english_only)
    return Clips(audio, fetcher, folder / "clips", ears=lambda: ears, process=lambda _: process)  # type: ignore[arg-type,return-value]


def fetcher_of(server: FeedServer) -> Fetcher:
    return Fetcher(VAULT, allow={server.host}, connect_s=3, read_s=3, page_s=5, file_s=5)


def ranged(body: bytes) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("range", ""))
        if not match:
            return Reply(200, body)
        first, last = int(match[1]), min(int(match[2]), len(body) - 1)
        where = {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return Reply(206, body[first : last + 1], where)

    return answer


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An hour of one bitrate, as MP3: a minute, sixty times over."""
    path = tmp_path_factory.mktemp("hour") / "minute.mp3"
    noise = np.random.default_rng(1).normal(0, 0.1, 60 * CLIP_RATE).astype(np.float32)
    write_mp3(path, noise, title="", artist="")
    data = path.read_bytes()
    begin = begins_at(data) + 209  # past the tag and the frame with the table, so that none is there
    return data[data.index(b"\xff\xfb", begin) :] * 60


@pytest.mark.parametrize("shift", [0, 35, -50, 95, 400, -280])
def test_it_is_found_where_advertisements_have_moved_it(tmp_path: Path, shift: float) -> None:
    audio = tmp_path / "audio"
    heard = Heard(at=300.0 + shift)
    with FeedServer({"/a.mp3": Reply(200, b"OggS" + bytes(5000))}) as server:
        clip = clips_of(tmp_path, fetcher_of(server), heard).clip(a_pick(server.url("/a.mp3")), SENTENCES)
    assert clip.said_at == 300 + shift and clip.duration_s == 30
    assert len(heard.jobs) == 1 or abs(shift) > 35
    assert [file.name for file in audio.iterdir()], "a server that serves no parts gives the whole file"


def test_what_is_nowhere_is_told_and_the_search_ends(tmp_path: Path) -> None:
    for length in (3000.0, 50_000.0):
        heard = Heard(at=-1, length=length)
        with FeedServer({"/a.mp3": Reply(200, b"OggS" + bytes(5000))}) as server:
            clips = clips_of(tmp_path, fetcher_of(server), heard)
            with pytest.raises(AudioError, match="aren't in the audio"):
                clips.clip(a_pick(server.url("/a.mp3")), SENTENCES)
        assert sum(job.end - job.start for job in heard.jobs) < 5400
        if length == 3000:
            covered = {second for job in heard.jobs for second in range(int(job.start), int(job.end))}
            assert covered >= set(range(2900)), "no gap between what was heard"
    assert not list((tmp_path / "clips").glob("*.mp3")) + list((tmp_path / "clips").glob("*.part"))


def test_of_an_hour_only_a_part_is_fetched_and_the_clip_is_kept(tmp_path: Path, hour: bytes) -> None:
    class Anywhere(Heard):
        def work(self, job: Job) -> Done:
            self.at = job.start
            return super().work(job)

    heard = Anywhere(at=0)
    with FeedServer({"/a.mp3": ranged(hour)}) as server:
        clips = clips_of(tmp_path, fetcher_of(server), heard)
        pick = a_pick(server.url("/a.mp3"), start=1800.0)
        clip = clips.clip(pick, SENTENCES)
        assert clip.said_at == pytest.approx(1800 - 45, abs=1), "seconds of the episode, not of the part"
        assert clip.fetched_bytes < 1_000_000 < 28_000_000 < len(hour)
        asked = len(server.asked)
        assert clips.clip(pick, SENTENCES) == clip and len(server.asked) == asked and len(heard.jobs) == 1
    assert [path.suffix for path in sorted((tmp_path / "clips").glob("[!.]*"))] == [".json", ".mp3"]


def wrong_part(asked: Asked) -> Reply:
    return Reply(206, b"x" * 100, {"Content-Range": "bytes 500-599/90000"})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (wrong_part, "can't be fetched"),
        (Reply(206, b"x" * 100, {"Content-Range": "bytes 0-65535/90000"}), "less of its audio than it said"),
        (Reply(206, b"x" * 90, {"Content-Range": "bytes 0-99/100", "Content-Length": "100"}), "broke off"),
        (Reply(200, b"<html>Sign in</html>"), "web page"),
        (Reply(404), "nothing at this address"),
    ],
    ids=["another part", "less than said", "lying length", "a page", "gone"],
)
def test_a_server_that_lies_gets_no_clip(
    tmp_path: Path, answer: Reply | Callable[[Asked], Reply], says: str
) -> None:
    with FeedServer({"/a.mp3": answer}) as server:
        clips = clips_of(tmp_path, fetcher_of(server), Heard(at=300))
        with pytest.raises(EarmarkError) as told:
            clips.clip(a_pick(server.url("/a.mp3")), SENTENCES)
    assert says in str(told.value)
    assert isinstance(told.value, AudioError | FetchError)


def test_a_private_feeds_clip_is_fetched_with_its_credentials_which_no_message_holds(
    tmp_path: Path, hour: bytes
) -> None:
    def guarded(asked: Asked) -> Reply:
        return ranged(hour)(asked) if asked.headers.get("authorization") else Reply(401)

    with FeedServer({"/a.mp3": guarded}) as server:
        safe, sealed = VAULT.seal(server.url("/a.mp3", "ana:s3cret@"))
        clips = clips_of(tmp_path, fetcher_of(server), Heard(at=300))
        clip = clips.clip(a_pick(safe, sealed=sealed, start=20.0), SENTENCES)
        server.routes["/a.mp3"] = Reply(403)
        with pytest.raises(FetchError) as told:
            clips.clip(replace_id(a_pick(safe, sealed=sealed), 8), SENTENCES)
    kept = "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "clips").iterdir())
    assert clip.fetched_bytes and "s3cret" not in str(told.value) + kept


def replace_id(pick: Pick, id_: int) -> Pick:
    return replace(pick, insight=replace(pick.insight, id=id_))


def test_another_language_than_the_models_is_told(tmp_path: Path) -> None:
    with FeedServer() as server:
        clips = clips_of(tmp_path, fetcher_of(server), Heard(at=300))
        with pytest.raises(AudioError, match="hears English only"):
            clips.clip(a_pick(server.url("/a.mp3"), language="de-DE"), SENTENCES)
        assert not server.asked


def test_few_words_are_looked_for_with_their_neighbours(tmp_path: Path) -> None:
    heard = Heard(at=300)
    sentences = (*SENTENCES, Sentence(start=306.0, end=307.0, speaker="", text="It is."), *SENTENCES)
    with FeedServer({"/a.mp3": Reply(200, b"OggS" + bytes(5000))}) as server:
        pick = a_pick(server.url("/a.mp3"))
        short = replace(pick, insight=replace(pick.insight, quote="It is", start=306.0))
        clips_of(tmp_path, fetcher_of(server), heard).clip(short, sentences)
    assert heard.jobs[0].quote == f"It is. {QUOTE}" and len(bare(heard.jobs[0].quote)) >= 8


def test_clips_are_swept_with_the_audio(tmp_path: Path) -> None:
    from bot.audio import sweep

    (tmp_path / "7-x.mp3").write_bytes(b"x")
    assert sweep(tmp_path, datetime.now(UTC) + timedelta(days=8), 7) == 1


def test_what_is_no_audio_and_a_process_that_dies_are_told(tmp_path: Path) -> None:
    from bot.clips.apart import Apart

    (tmp_path / "a.mp3").write_bytes(b"RIFF" + bytes(3000))
    job = Job(
        path=str(tmp_path / "a.mp3"),
        start=0,
        end=9,
        quote=QUOTE,
        sentences=(),
        language="en",
        out="/dev/null",
    )
    with Apart(Ears(model="none", threads=1), seconds=60) as process:
        assert process.work(job).status == "failed"
        process._process.kill()
        with pytest.raises(AudioError, match="ended in the middle"):
            process.work(job)
    with (
        Apart(Ears(model="none", threads=1), seconds=0.01) as process,
        pytest.raises(AudioError, match="too long"),
    ):
        process.work(job)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows them")
def test_the_process_that_cuts_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.clips.apart import Apart

    monkeypatch.setenv("EARMARK_KEY", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    with Apart(Ears(model="none", threads=1), seconds=60) as process:
        told = Path(f"/proc/{process._process.pid}/environ").read_bytes()
    assert b"PATH=" in told and b"secret" not in told


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who is there")
def test_the_process_that_cuts_ends_with_who_started_it() -> None:
    code = (
        "import os, subprocess, sys, time;"
        "command = [sys.executable, '-m', 'bot.clips.apart', '4000000000', 'none', '1', str(os.getpid())];"
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid, flush=True); time.sleep(60)"
    )
    # Its standard input is ours, and stays open: that it is closed is not what ends it.
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        child = int(one.stdout.readline())
        one.kill()
        assert any(_is_over(child) or time.sleep(0.1) for _ in range(300))


def _is_over(pid: int) -> bool:
    """Also where nobody has asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
