"""The command lines that a user would take for transcription, ours and theirs, in one run on the same file.

    python -m venv V && V/bin/pip install whisper-ctranslate2 imageio-ffmpeg
    python -m bench.asr_commands V/bin [--file FILE] [--threads 2]

`whisper` is openai-whisper's own (it comes with Earmark, and needs an ffmpeg: V's is taken where the machine
has none); faster-whisper has none, `whisper-ctranslate2` is the usual one. All run the same tiny.en weights,
with loading. Wall and CPU seconds are those of the whole command. Ours also cuts at silences, aligns words
and judges what was heard.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.asr import ROOT
from bot import config
from bot.demo.publish import seconds
from bot.wiring import Earmark

DATA = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bin", type=Path, help="the bin folder of an environment with the other command line")
    parser.add_argument("--file", type=Path, default=DATA / "audio" / "long_english_mix.mp3")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    print(f"{seconds(asked.file):.0f} s of audio, {asked.threads} threads; load {os.getloadavg()[0]:.1f}\n")
    print("| command | wall s | CPU s | times real time (CPU) |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, command in commands(asked, Path(scratch)):
            wall, cpu = measured(command, asked.bin, asked.threads, Path(scratch))
            print(f"| {name} | {wall:.1f} | {cpu:.1f} | {seconds(asked.file) / cpu:.1f} |", flush=True)


def commands(asked: argparse.Namespace, scratch: Path) -> Iterator[tuple[str, list[str]]]:
    file, threads = str(asked.file), str(asked.threads)
    weights = Earmark(config.load(), progress=lambda *_: None).weights
    out = ["--output_dir", str(scratch), "--output_format", "txt", "--language", "en", "--threads", threads]
    yield "earmark transcribe", [sys.executable, "-m", "bot", "transcribe", file]
    theirs = [
        str(asked.bin / "whisper-ctranslate2"),
        file,
        "--model_directory",
        str(weights.folder("whisper-tiny.en")),
    ]
    theirs += ["--device", "cpu", "--compute_type", "int8", *out]
    yield "whisper-ctranslate2", theirs
    yield "whisper-ctranslate2 --batched", [*theirs, "--batched", "True"]
    checkpoint = scratch / "tiny.en.pt"
    as_checkpoint(checkpoint)
    whisper = str(Path(sys.executable).with_name("whisper"))
    yield "whisper", [whisper, file, "--model", str(checkpoint), "--device", "cpu", "--fp16", "False", *out]


def as_checkpoint(path: Path) -> None:
    """The packaged weights in the form that `whisper --model` takes."""
    import torch

    from bot.transcribe.whisper import _tiny_en

    model = _tiny_en(Earmark(config.load(), progress=lambda *_: None).weights)
    torch.save({"dims": vars(model.dims), "model_state_dict": model.state_dict()}, path)


def measured(command: list[str], bin: Path, threads: int, scratch: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a command and its children; fails where it fails."""
    for binary in bin.parent.glob("lib/python3*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*"):
        link = scratch / "bin" / "ffmpeg"
        link.parent.mkdir(exist_ok=True)
        link.exists() or link.symlink_to(binary)
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:{scratch / 'bin'}", "EARMARK_THREADS": str(threads)}
    env |= {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE", "EARMARK_CACHE_DIR": str(scratch)}
    weights = scratch / "weights"
    weights.exists() or weights.symlink_to(config.load().cache_dir / "weights")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr[-1500:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
