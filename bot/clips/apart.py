"""Clips are made in a process of their own, with limits; it knows no key, database or address.

One process a clip, since a model's memory goes with it; it takes jobs a line and answers a line, in JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Self

from bot.apart import surroundings
from bot.clips.job import Done, Job
from bot.domain import Word
from bot.errors import AudioError, ModelError

if TYPE_CHECKING:
    from bot.audio import Samples

MAX_MEMORY_BYTES = 4_000_000_000  # of address space; a decoder and the small model take half of it
NICE = 5  # whoever listens comes first
MOST_LINE = 1_000_000
_MODELS = ("HOME", "XDG_CACHE_HOME", "HF_HOME")  # where a model of the hub lies


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Which speech model: a folder or a name, as FasterWhisper takes it, and for how many threads."""

    model: str
    threads: int
    english_only: bool = True


class Apart:
    """`with Apart(ears, seconds=300) as process: process.work(job)`; `seconds` are for all jobs together.

    AudioError where the process is stopped or dies, which tells nothing about it but that.
    """

    def __init__(self, ears: Ears, *, seconds: float, memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._ears, self._memory_bytes = ears, memory_bytes
        self._late = threading.Event()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bot.clips.apart", str(self._memory_bytes)]
        ears = [self._ears.model, str(self._ears.threads), str(os.getpid())]
        self._process = subprocess.Popen(
            [*command, *ears],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings(*_MODELS),
        )
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()

    def _end(self) -> None:
        self._late.set()
        self._process.kill()

    def work(self, job: Job) -> Done:
        try:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline(MOST_LINE)
            return _done(line)
        except (OSError, ValueError, TypeError):
            raise AudioError(
                "Cutting the clip took too long, so it was stopped."
                if self._late.is_set()
                else "The clip couldn't be cut: the process that works on it ended in the middle."
            ) from None


def _done(line: bytes) -> Done:
    """ValueError or TypeError where it is no answer; ModelError where the model can't be had."""
    answer = json.loads(line)
    if "model" in answer:
        raise ModelError(str(answer["model"]))
    done = Done(**answer)
    if done.status not in ("cut", "edge", "absent", "failed"):
        raise ValueError
    return done


# ── the other process ───────────────────────────────────────────────────────────────────────────────────


class _Ear:
    """Hears with faster-whisper; the model is loaded for the first job."""

    def __init__(self, ears: Ears) -> None:
        from bot.transcribe.faster import FasterWhisper

        self._engine = FasterWhisper(None, model=ears.model, threads=ears.threads)

    def __call__(self, samples: Samples, language: str) -> Sequence[Word]:
        from bot.transcribe.voice import clips, speech

        spans = clips(speech(samples))
        heard = self._engine.hear(samples, spans, language)[0] if spans else []
        return [word for piece in heard for word in piece.words]


def _serve(ear: _Ear, source: IO[bytes], sink: IO[bytes]) -> None:
    from bot.clips.job import work

    for line in source:
        given: dict[str, Any] = json.loads(line)
        try:
            answer = asdict(work(Job(**{**given, "sentences": tuple(given["sentences"])}), ear))
        except ModelError as error:
            answer = {"model": str(error)}
        sink.write(json.dumps(answer).encode() + b"\n")
        sink.flush()


def _limit(memory_bytes: int) -> None:
    """No more memory than this, no core dumped; and we yield to whoever listens."""
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for name, most in (("AS", memory_bytes), ("CORE", 0), ("FSIZE", 100_000_000)):
        what = getattr(resource, f"RLIMIT_{name}")
        _, ceiling = resource.getrlimit(what)
        limit = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(what, (limit, limit))


def _end_with(parent: int) -> None:
    """Whoever asked may be stopped in the middle of a clip, which nobody waits for then."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True, name="parent watch").start()


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    _end_with(parent=int(sys.argv[4]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _serve(_Ear(Ears(model=sys.argv[2], threads=int(sys.argv[3]))), sys.stdin.buffer, answers)
