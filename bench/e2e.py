"""One hour of audio to five posted insights, stage by stage, with the peak of memory of each.

    python -m bench.e2e [--audio FILE] [--threads 2] [--json]

A feed on 127.0.0.1 with one episode: once with audio alone (the long mix of the test data, repeated until it
lasts an hour, unless --audio names a file), once with the publisher's transcript (the annotated episode
nearest to an hour). A process of its own each, models not loaded before, so that loading counts in the stage
that needs it first. `cpu` is of all threads; the last line is the whole, from "the feed is due" to "it is
posted". Compare CPU on a machine that others use as well.
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
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bench.read_write import ENDING, nearest
from bot.config import load
from bot.domain import STAGES
from bot.following import follow
from bot.wiring import Earmark

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
HOUR_S = 3600.0
ITEM = """<?xml version="1.0"?><rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>An hour</title><link>{url}</link><item><title>One</title><guid>1</guid>
<pubDate>{date}</pubDate><enclosure url="{url}/audio{ending}" type="audio/mpeg" length="1"/>{more}
</item></channel></rss>"""
TRANSCRIPT = '<podcast:transcript url="{url}/transcript.json" type="application/json"/>'


def main() -> None:
    asked = arguments()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.audio, asked.threads)))
        return
    found = [in_process(form, asked) for form in ("audio", "transcript")]
    print(json.dumps(found) if asked.json else "\n\n".join(map(table, found)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=("audio", "transcript"), help=argparse.SUPPRESS)
    return parser.parse_args()


def in_process(form: str, asked: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.e2e", "--one", form, "--threads", str(asked.threads)]
    command += ["--audio", str(asked.audio)] if asked.audio else []
    env = {**os.environ, "OMP_NUM_THREADS": str(asked.threads), "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(form: str, audio: Path | None, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch), form, audio) as (host, seconds):
        it = program(Path(scratch), host, threads)
        channel = it.channel()
        follow(it.store, it.discoverer, channel, f"http://{host}/feed.xml", now=it.clock(), backfill=1)
        stages = {}
        for stage in STAGES:
            if stage == "compose":
                it.store.save_channel(replace(channel, next_post_at=it.clock()))
            stages[stage] = timed(it, stage)
        posted = it.store.digests(channel.id, 1)
        trouble = [row.error for row in it.store.work() if row.error]
    return {
        "form": form,
        "audio_s": round(seconds),
        "insights": len(posted[0].picks) if posted else 0,
        "trouble": trouble,
        "threads": threads,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "stages": stages,
    }


def timed(it: Earmark, stage: Any) -> dict[str, float]:
    reset_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    it.pipeline.run(stage)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "peak_mb": round(peak_mb())}


def reset_peak() -> None:
    """Linux forgets the peak of the resident set when told so. https://man7.org/linux/man-pages/man5/proc.5.html"""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def peak_mb() -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def program(scratch: Path, host: str, threads: int) -> Earmark:
    """A fresh database and caches, but for the weights, which have been pulled before."""
    cache = scratch / "cache"
    cache.mkdir()
    (cache / "weights").symlink_to(load().cache_dir / "weights")
    given = {"data_dir": scratch / "data", "cache_dir": cache, "database_url": None, "allow": host}
    return Earmark(load(**given, threads=threads), progress=lambda *_: None)


@contextmanager
def served(folder: Path, form: str, audio: Path | None) -> Iterator[tuple[str, float]]:
    """The address of a server of the feed, and for how long the episode is heard."""
    site = folder / "site"
    site.mkdir()
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(site),
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout
    host = f"127.0.0.1:{server.stdout.readline().split()[5]}"
    try:
        yield host, published(site, f"http://{host}", form, audio)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def published(site: Path, url: str, form: str, audio: Path | None) -> float:
    from bot.demo.publish import seconds

    source = audio or DATA / "audio" / "long_english_mix.mp3"
    more, lasts = "", seconds(source)
    if form == "transcript":
        path = nearest(DATA / "episodes")
        (site / "transcript.json").write_bytes(path.read_bytes())
        more, lasts = TRANSCRIPT.format(url=url), HOUR_S
        print(f"transcript: {path.name.removesuffix(ENDING)}", file=sys.stderr)
    else:
        times = 1 if audio else round(HOUR_S / lasts + 0.49)
        (site / f"audio{source.suffix}").write_bytes(source.read_bytes() * times)
        lasts *= times
    date = format_datetime(datetime.now(UTC))
    feed = ITEM.format(url=url, date=date, ending=source.suffix, more=more)
    (site / "feed.xml").write_text(feed, "utf-8")
    return lasts


def table(found: dict[str, Any]) -> str:
    stages = found["stages"]
    total = {key: sum(row[key] for row in stages.values()) for key in ("wall_s", "cpu_s")}
    total["peak_mb"] = max(row["peak_mb"] for row in stages.values())
    lines = [
        f"{found['form']}: {found['audio_s']} s of audio, {found['insights']} insights posted; "
        f"{found['threads']} threads; {found['machine']}",
        *(f"trouble: {one}" for one in found["trouble"]),
        "",
        "| stage | wall s | CPU s | peak MB |",
        "|---|---|---|---|",
    ]
    for name, row in (*stages.items(), ("all", total)):
        lines.append(f"| {name} | {row['wall_s']:.1f} | {row['cpu_s']:.1f} | {row['peak_mb']:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
