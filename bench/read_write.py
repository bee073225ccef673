"""Reader and writer on an hour of speech: seconds for five insights, peak memory, size of what ships.

    python -m bench.read_write [EPISODES_FOLDER] [--episode ID] [--threads 2] [--json]

The episode is the one nearest to an hour unless it is named. Each row is a process of its own with the
weights in the cache: once as on first use (MiniLM converted for the reader, with torch), then as ever
after. Seconds are wall time; reading and writing are without loading, which stands apart. Peak memory is
the process's resident set.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot import config
from bot.domain import Episode
from bot.training.episodes import read_transcript
from bot.wiring import Earmark
from bot.write.choose import best

ROOT = Path(__file__).resolve().parent.parent
HOUR_S, INSIGHTS = 3600.0, 5
# What a model learnt and the repository carries.
SHIPPED = ("*.safetensors", "gate.json")
ENDING = ".transcript.json"
STEPS = ("load", "read", "write")


def main() -> None:
    asked = arguments()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.threads)))
        return
    path = asked.folder / f"{asked.episode}{ENDING}" if asked.episode else nearest(asked.folder)
    with tempfile.TemporaryDirectory() as scratch:
        rows = [{"use": use, **run(path, asked.threads, cache)} for use, cache in caches(Path(scratch))]
    sizes = shipped()
    print(json.dumps({"rows": rows, "shipped_bytes": sizes}) if asked.json else shown(rows, sizes))


def arguments() -> argparse.Namespace:
    data = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data / "episodes")
    parser.add_argument("--episode", default="", metavar="ID")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def nearest(folder: Path) -> Path:
    """The transcript that ends nearest to an hour."""
    paths = sorted(folder.glob(f"*{ENDING}"))
    if not paths:
        sys.exit(f"There are no transcripts (ID{ENDING}) in {folder}; name a folder that has some.")
    return min(paths, key=lambda path: abs(length(path) - HOUR_S))


def length(path: Path) -> float:
    """Seconds until the last thing is said."""
    last = read_transcript(path).segments[-1]
    return last.end or last.start or 0.0


def caches(scratch: Path) -> Iterator[tuple[str, Path]]:
    """A cache that holds MiniLM as pulled and nothing made of it, twice: the second time it has been used."""
    weights = Earmark(config.load(), progress=lambda *_: None).weights
    (scratch / "weights").mkdir()
    (scratch / "weights" / weights.folder("minilm").name).symlink_to(weights.folder("minilm"))
    yield "first", scratch
    yield "later", scratch


def run(path: Path, threads: int, cache: Path) -> dict[str, Any]:
    """Measure in a fresh process, whose peak of memory nothing else has raised."""
    command = [sys.executable, "-m", "bench.read_write", "--one", str(path), "--threads", str(threads)]
    env = {**os.environ, "EARMARK_CACHE_DIR": str(cache), "EARMARK_THREADS": str(threads)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def measure(path: Path, threads: int) -> dict[str, Any]:
    transcript = read_transcript(path)
    marks = [now()]
    app = Earmark(config.load(), progress=lambda *_: None)
    reader, writer = app.reader, app.writer
    marks.append(now())
    reading = reader.read(transcript)
    marks.append(now())
    episode = Episode(title=path.name.removesuffix(ENDING))
    made = [i for p in reading.passages if (i := writer.write(p, reading, episode))]
    insights = best(made, INSIGHTS)
    marks.append(now())
    steps = [[round(b - a, 2) for a, b in zip(*pair, strict=True)] for pair in pairwise(marks)]
    return {
        "episode": path.name.removesuffix(ENDING),
        "minutes": round(length(path) / 60, 1),
        "words": len(transcript.text.split()),
        "reader": reading.model,
        "writer": insights[0].provenance.writer if insights else "",
        "threads": threads,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        **{f"{step}_s": wall for step, (wall, _) in zip(STEPS, steps, strict=True)},
        **{f"{step}_cpu_s": cpu for step, (_, cpu) in zip(STEPS, steps, strict=True)},
        "passages": len(reading.passages),
        "insights": len(insights),
        "peak_mb": round(peak_bytes() / 1e6),
    }


def now() -> tuple[float, float]:
    """Wall seconds, and CPU seconds of all threads, which a busy machine stretches less."""
    return time.perf_counter(), time.process_time()


def peak_bytes() -> int:
    """Of this process's resident set; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def shipped() -> dict[str, int]:
    """Bytes of each file of weights in the checkout."""
    files = (path for pattern in SHIPPED for path in sorted((ROOT / "bot").rglob(pattern)))
    return {str(path.relative_to(ROOT)): path.stat().st_size for path in files}


def shown(rows: list[dict[str, Any]], sizes: dict[str, int]) -> str:
    first = rows[0]
    seconds = [f"{step}{kind}" for kind in ("_s", "_cpu_s") for step in STEPS]
    columns = ("use", "threads", *seconds, "passages", "insights", "peak_mb")
    lines = [
        f"{first['episode']}: {first['minutes']} minutes, {first['words']} words; {first['machine']}",
        f"{first['reader']}; {first['writer']}",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(str(row[c]) for c in columns)} |" for row in rows),
        "",
        f"shipped weights: {sum(sizes.values()) / 1e6:.2f} MB",
        *(f"- {name}: {size / 1e6:.3f} MB" for name, size in sizes.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
