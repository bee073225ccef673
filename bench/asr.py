"""Both speech engines side by side: seconds a second of audio, and word errors against human references.

    python -m bench.asr [AUDIO_FOLDER] [--file long_english_mix.mp3] [--threads 1 2] [--json]

Same weights (tiny.en), same clips, same beam. Wall and CPU seconds are without loading the model. The clips
that have a human reference are found in the file by cross-correlation.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bot import config
from bot.audio import RATE, AudioFiles, decode
from bot.domain import Transcript
from bot.weights import Weights

ENGINES = ("faster-whisper", "openai-whisper")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    asked = arguments()
    if asked.one:
        print(json.dumps(measure(asked.folder / asked.file, asked.one, asked.threads[0])))
        return
    rows = [run(asked, engine, threads) for threads in asked.threads for engine in ENGINES]
    print(json.dumps(rows) if asked.json else table(rows))


def arguments() -> argparse.Namespace:
    data = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data / "audio")
    parser.add_argument("--file", default="long_english_mix.mp3")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    return parser.parse_args()


def run(asked: argparse.Namespace, engine: str, threads: int) -> dict[str, Any]:
    """Measure in a process of its own, whose number of threads nothing else has set."""
    command = [sys.executable, "-m", "bench.asr", str(asked.folder), "--file", asked.file]
    command += ["--threads", str(threads), "--one", engine]
    # PASSIVE: waiting threads that spin cost openai-whisper a multiple on a busy machine.
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def measure(path: Path, engine: str, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        transcriber = make(engine, threads, Path(scratch))
        transcriber.transcribe_file(shortest(path.parent))  # loads the model
        wall, cpu = time.perf_counter(), time.process_time()
        transcript = transcriber.transcribe_file(path)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    seconds = transcript.duration_s or 1.0
    errors, words = word_errors(path, transcript)
    return {
        "engine": transcript.model,
        "threads": threads,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "audio_s": seconds,
        "wall_per_s": round(wall / seconds, 4),
        "cpu_per_s": round(cpu / seconds, 4),
        "words": words,
        "wer": round(errors / words, 4) if words else None,
        "warnings": transcript.warnings,
    }


def make(engine: str, threads: int, scratch: Path) -> Any:
    from bot.transcribe.faster import FasterWhisperTranscriber
    from bot.transcribe.whisper import OpenAIWhisperTranscriber

    kind = {"faster-whisper": FasterWhisperTranscriber, "openai-whisper": OpenAIWhisperTranscriber}[engine]
    files = AudioFiles(None, scratch)  # type: ignore[arg-type]
    fresh = Path(tempfile.mkdtemp(dir=scratch))  # an earlier run's checkpoint would make this one look fast
    return kind(
        files,
        Weights(config.load().cache_dir / "weights"),
        checkpoints=fresh,
        threads=threads,
    )


def shortest(folder: Path) -> Path:
    return folder / "jfk_en.mp3"


def word_errors(path: Path, transcript: Transcript) -> tuple[int, int]:
    """(errors, words) over the stretches of `path` whose words a person wrote down."""
    import jiwer
    from whisper.normalizers import EnglishTextNormalizer

    plain, errors, total = EnglishTextNormalizer(), 0, 0
    for start, end, reference in referenced(path):
        said = [word for at, word in timed(transcript) if start <= at < end]
        result = jiwer.process_words(plain(reference), plain(" ".join(said)))
        errors += result.substitutions + result.deletions + result.insertions
        total += len(plain(reference).split())
    return errors, total


def timed(transcript: Transcript) -> Iterator[tuple[float, str]]:
    """Each word and about when it is said: spread evenly over its segment, for both engines alike."""
    for segment in transcript.segments:
        start, end = segment.start or 0.0, segment.end or 0.0
        words = segment.text.split()
        for at, word in enumerate(words):
            yield start + (at + 0.5) / len(words) * (end - start), word


def referenced(path: Path) -> Iterator[tuple[float, float, str]]:
    """(start, end, text) of the clips with a human English reference that `path` consists of, or is."""
    whole, taken = decode(path), set[int]()
    rows = map(json.loads, (path.parent / "manifest.jsonl").read_text().splitlines())
    for row in rows:
        human = row["language"] == "en" and "HUMAN" in (row["reference_kind"] or "")
        if not human or not row["real"]:
            continue
        text = (path.parent / f"{row['file']}.ref.txt").read_text()
        start, end = position(whole, decode(path.parent / row["file"]))
        if start is not None and round(start) not in taken:  # one speech may be there in several formats
            taken.add(round(start))
            yield start, end, text


def position(whole: np.ndarray[Any, Any], clip: np.ndarray[Any, Any]) -> tuple[float | None, float]:
    """Where (seconds) `clip` sounds in `whole`; None when it doesn't."""
    if len(clip) > len(whole) + RATE:
        return None, 0.0
    size = 1 << (len(whole) + len(clip)).bit_length()
    product = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(clip, size))
    at = int(np.argmax(np.fft.irfft(product, size)[: len(whole)]))
    there = whole[at : at + len(clip)]
    norm = float(np.linalg.norm(there) * np.linalg.norm(clip[: len(there)]))
    alike = float(there @ clip[: len(there)]) / norm if norm else 0.0
    return (at / RATE, (at + len(clip)) / RATE) if alike > 0.5 else (None, 0.0)


def table(rows: list[dict[str, Any]]) -> str:
    lines = ["| engine | threads | wall s/s | CPU s/s | word errors |", "|---|---|---|---|---|"]
    for row in rows:
        wer = "–" if row["wer"] is None else f"{row['wer']:.1%} of {row['words']}"
        lines.append(
            f"| {row['engine']} | {row['threads']} | {row['wall_per_s']} | {row['cpu_per_s']} | {wer} |"
        )
    return "\n".join([*lines, "", f"{rows[0]['audio_s']:.0f} s of audio; {rows[0]['machine']}"])


if __name__ == "__main__":
    main()
