"""Makes clips: from the likeliest place outwards until the quote's words are heard; kept for next time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol, Self

from bot.audio import AudioFiles
from bot.clips.apart import Apart, Ears
from bot.clips.files import Fetcher, NoParts, Source, source, whole
from bot.clips.job import AROUND_S, Done, Job
from bot.clips.words import LEAST_WORDS, bare
from bot.domain import Clip, Episode, Pick, Sentence, hhmmss
from bot.errors import AudioError, of_system

CONTEXT = 15  # sentences before and after the quote's
STEPS_S = (180.0, 300.0)  # how much more is heard on either side, in turn; the last one again and again
MOST_HEARD_S = 3600.0
SECONDS = 600.0  # for one clip; Discord takes an answer for 15 minutes
WAITING = 2  # clips at once, of which one is worked on
A_WORD_S = 0.4
NOT_FOUND = (
    "These words aren't in the audio that the publisher serves now, as far as I could hear: it may have been "
    "cut anew."
)


class Process(Protocol):
    def work(self, job: Job) -> Done: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Clips:
    """Keeps clips in `folder`. `ears` may take a while: it fetches the model at first use."""

    def __init__(
        self,
        audio: AudioFiles,
        fetcher: Fetcher,
        folder: Path,
        *,
        ears: Callable[[], Ears],
        process: Callable[[Ears], Process] = lambda ears: Apart(ears, seconds=SECONDS),
    ) -> None:
        self._audio, self._fetcher, self._folder = audio, fetcher, folder
        self._ears, self._process = ears, process
        self._places = threading.BoundedSemaphore(WAITING)

    def clip(self, pick: Pick, sentences: Sequence[Sentence]) -> Clip:
        """The audio around the pick's quote. AudioError or FetchError in words, where there can be none."""
        kept = self.kept(pick)
        if kept is not None:
            return kept
        if pick.episode.enclosure is None:
            raise AudioError("This episode has no audio.")
        if not self._places.acquire(blocking=False):
            raise AudioError("Other clips are being cut just now: try again in a minute.")
        try:
            with _alone(self._folder):
                return self.kept(pick) or self._made(pick, sentences)
        except OSError as error:
            raise AudioError(f"The clip can't be kept. {of_system(error)}") from error
        finally:
            self._places.release()

    def _path(self, pick: Pick) -> Path:
        url = pick.episode.enclosure.url if pick.episode.enclosure else ""
        of = hashlib.sha256(f"{url} {pick.insight.quote}".encode()).hexdigest()[:12]
        return self._folder / f"{pick.insight.id}-{of}.mp3"

    def kept(self, pick: Pick) -> Clip | None:
        """The clip where it is here already; it stays the longer for being asked for."""
        path = self._path(pick)
        try:
            known = json.loads(path.with_suffix(".json").read_text("utf-8"))
            for file in (path, path.with_suffix(".json")):
                os.utime(file)
            return Clip(**{**known, "path": path})
        except (OSError, ValueError, TypeError):
            return None

    def _made(self, pick: Pick, sentences: Sequence[Sentence]) -> Clip:
        ears = self._ears()
        language = pick.episode.language.replace("_", "-").split("-")[0].lower()
        if ears.english_only and language not in ("", "en"):
            raise AudioError(
                f"The speech model here hears English only, and this is in “{pick.episode.language}”: so "
                "the words can't be found in the audio."
            )
        path = self._path(pick)
        job = _job(pick, sentences, language, str(path.with_suffix(".part")))
        try:
            done, fetched = self._searched(pick.episode, job, expected(pick, sentences), ears)
            clip = _clip(pick, path, done, fetched)
            Path(job.out).replace(path)
        finally:
            Path(job.out).unlink(missing_ok=True)
        path.with_suffix(".json").write_text(json.dumps(asdict(clip), default=str), "utf-8")
        return clip

    def _searched(self, episode: Episode, job: Job, at: tuple[float, float], ears: Ears) -> tuple[Done, int]:
        """The clip, and how many bytes were fetched for it."""
        audio = source(self._audio, self._fetcher, episode, self._folder)
        with self._process(ears) as process:
            try:
                return search(process, audio, job, at), audio.fetched_bytes
            except NoParts:  # it served one part, and now serves none
                audio = whole(self._audio, episode)
                return search(process, audio, job, at), audio.fetched_bytes


def search(process: Process, audio: Source, job: Job, at: tuple[float, float]) -> Done:
    """Hear from where the quote should be outwards, and cut it where it is. AudioError: it isn't."""
    places = outward(*at)
    start, end = next(places)
    while True:
        done = heard(process, audio, job, start, end)
        if done.status == "edge":
            around = done.quote_at - AROUND_S, done.quote_end + AROUND_S
            done = heard(process, audio, replace(job, anyway=True), *around)
        if done.status == "cut":
            return done
        if done.status == "failed":
            raise AudioError(done.why)
        try:
            start, end = places.send(done.ended)
        except StopIteration:
            raise AudioError(NOT_FOUND) from None


def heard(process: Process, audio: Source, job: Job, start: float, end: float) -> Done:
    """One stretch, in seconds of the episode's audio whatever file holds it."""
    with audio.piece(start, end) as piece:
        # A part of a file is a little longer than what was asked for, and all of it is heard: where it lies
        # is not that certain.
        part = piece.offset > 0
        local = replace(
            job,
            path=str(piece.path),
            start=0.0 if part else max(0.0, start),
            end=MOST_HEARD_S if part else end,
            from_start=piece.from_start,
            to_end=piece.to_end,
        )
        done = process.work(local)
    moved = {name: getattr(done, name) + piece.offset for name in ("start", "end", "quote_at", "quote_end")}
    return replace(done, **moved)


def outward(start: float, end: float) -> Generator[tuple[float, float], bool, None]:
    """Stretches to hear (seconds), the likeliest first, then more and more on both sides in turn.

    It is told after each whether the audio ends within it. Advertisements that are put in anew shift what
    comes after them by minutes at most; only a file of another cut takes the search further.
    """
    overlap = min(60.0, end - start + 10)  # lest an edge goes through the quote
    before, after = max(0.0, start - AROUND_S), end + AROUND_S
    total, ended, step = after - before, (yield before, after), 0
    while total < MOST_HEARD_S and not (ended and before <= 0):
        size = STEPS_S[min(step, len(STEPS_S) - 1)]
        if not ended:
            ended = yield after - overlap, after + size
            after, total = after + size, total + size
        if before > 0:
            yield max(0.0, before - size), before + overlap
            before, total = max(0.0, before - size), total + size
        step += 1


def expected(pick: Pick, sentences: Sequence[Sentence]) -> tuple[float, float]:
    """Where the quote should be (seconds); by its place in the text where the transcript has no times."""
    insight, at = pick.insight, quoted(pick, sentences)
    start = insight.start
    if start is None and sentences:
        told = sentences[at].start
        start = told if told is not None else at / len(sentences) * (pick.episode.duration_s or 0)
    start = max(0.0, start or 0.0)
    spoken = A_WORD_S * len(insight.quote.split())
    end = insight.end if insight.end and 0 < insight.end - start < 300 else start + spoken
    return start, end


def quoted(pick: Pick, sentences: Sequence[Sentence]) -> int:
    """The sentence that the quote is in, or begins in; else the one at its time."""
    quote = pick.insight.quote.casefold()
    start = pick.insight.start or 0.0

    def off(n: int) -> float:
        told = sentences[n].start
        return abs(told - start) if told is not None else float(n)

    holds = [
        n
        for n, sentence in enumerate(sentences)
        if quote in (said := sentence.text.casefold()) or (len(said) > 20 and said in quote)
    ]
    return min(holds or range(len(sentences)), key=off, default=0)


def _job(pick: Pick, sentences: Sequence[Sentence], language: str, out: str) -> Job:
    at = quoted(pick, sentences)
    quote, last = pick.insight.quote, at
    while len(bare(quote)) < LEAST_WORDS and at < len(sentences):
        # Few words may be said anywhere: with the rest of the sentence, and what comes next, they are told.
        quote = " ".join(sentence.text for sentence in sentences[at : last + 1])
        last += 1
        if last >= len(sentences):
            break
    show, title = pick.episode.show, pick.episode.title
    return Job(
        path="",
        start=0.0,
        end=0.0,
        quote=quote,
        sentences=tuple(s.text for s in sentences[max(0, at - CONTEXT) : at + CONTEXT + 1]),
        language=language,
        out=out,
        title=titled(pick),
        artist=show or title,
    )


def titled(pick: Pick) -> str:
    """ "Show – Episode, 12:31"."""
    of = " – ".join(filter(None, (pick.episode.show, pick.episode.title))) or "Podcast"
    return ", ".join(filter(None, (" ".join(of.split())[:150], hhmmss(pick.insight.start))))


def _clip(pick: Pick, path: Path, done: Done, fetched_bytes: int) -> Clip:
    return Clip(
        path=path,
        title=titled(pick),
        duration_s=round(done.end - done.start, 2),
        said_at=round(done.quote_at, 2),
        text=done.text,
        share=round(done.share, 3),
        fetched_bytes=fetched_bytes,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One clip at a time on this machine, whichever process wants it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, or the process dies
        yield
