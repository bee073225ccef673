"""How soon the shipped Slack process acknowledges slash commands while the machine transcribes.

python -m bench.slack_ack [--rate 50] [--seconds 60] [--audio FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import config
from bot.domain import Enclosure, Episode
from tests.local_server import LocalServer, QuietHandler
from tests.slack_server import CHANNEL, TEAM, SlackServer
from tests.test_slack_serve import Served

DEMO = Path(__file__).resolve().parent.parent / "bot" / "demo" / "sleep.mp3"
EPISODES = 12
BUSY_S = 6.0  # CPU seconds after which the worker has loaded its models
COMMANDS = (
    ("/insights", ""),
    ("/podcasts", "list"),
    ("/digest", "show"),
    ("/dig", "2"),
    ("/earmark", "help"),
)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rate", type=float, default=50)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--audio", type=Path, default=DEMO)
    given = asked.parse_args()
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    with tempfile.TemporaryDirectory() as folder, SlackServer() as slack, Audio(given.audio) as audio:
        served = Served(Path(folder), slack, **tokens)
        worker = work(served, audio)
        try:
            slack.wait(lambda: slack.connections, 60)
            wait_for(lambda: cpu_s(worker) > BUSY_S, 120)  # until the speech model is really at work
            before = cpu_s(worker), cpu_s(served.process)
            sent = send(slack, given.rate, given.seconds)
            used = cpu_s(worker) - before[0], cpu_s(served.process) - before[1]
            slack.wait(lambda: sent.keys() <= slack.acks.keys(), 60)
            wait_for(lambda: slack.count("respond") >= len(sent), 120)
        finally:
            worker.kill()
            worker.wait()
            served.stop()
        report(slack, sent)
        print(f"CPU seconds meanwhile: worker {used[0]:.1f}, chat process {used[1]:.1f}")


class Audio(LocalServer):
    """The server of the audio that the worker is to hear."""

    def __init__(self, path: Path) -> None:
        self._audio = path.read_bytes()

    def handler(self) -> type[QuietHandler]:
        audio = self._audio

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "audio/mpeg")
                other = self.path.encode()  # trailing bytes, which no decoder hears: each is another file
                self.send_header("Content-Length", str(len(audio) + len(other)))
                self.end_headers()
                self.wfile.write(audio + other)

        return Handler


def work(served: Served, audio: Audio) -> subprocess.Popen[bytes]:
    """The shipped worker on the same store, with more episodes to transcribe than there is time for."""
    store = served.store()
    feed = store.feeds()[0]
    for number in range(EPISODES):
        enclosure = Enclosure(url=f"http://{audio.host}/{number}.mp3", mime_type="audio/mpeg")
        at = datetime.now(UTC) - timedelta(minutes=number)
        store.save_episode(
            Episode(feed_id=feed.id, guid=f"w{number}", title="", published_at=at, enclosure=enclosure)
        )
    store.close()
    cache = served.folder / "cache"  # its own, or what was once transcribed would be taken from there
    cache.mkdir()
    (cache / "weights").symlink_to(config.load().cache_dir / "weights")
    given = {
        "EARMARK_DATA_DIR": str(served.folder),
        "EARMARK_CACHE_DIR": str(cache),
        "EARMARK_ALLOW": audio.host,
    }
    command = [sys.executable, "-m", "bot", "work", "models"]
    return subprocess.Popen(command, env=os.environ | given, stdout=subprocess.DEVNULL, stderr=served.log)


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Processor time that it and its threads have used so far (proc(5): fields 14 and 15)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(wanted: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not wanted() and time.monotonic() < deadline:
        time.sleep(0.2)


def send(slack: SlackServer, rate: float, seconds: float) -> dict[str, float]:
    """When each envelope was sent."""
    sent: dict[str, float] = {}
    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        command, text = COMMANDS[number % len(COMMANDS)]
        payload = {
            "command": command, "text": text, "team_id": TEAM, "channel_id": CHANNEL,
            "channel_name": "bakers", "user_id": f"U{number % 40}", "trigger_id": f"t{number}",
            "response_url": f"http://{slack.host}/respond/{number}",
        }  # fmt: skip
        at = time.monotonic()
        sent[slack.send("slash_commands", payload)] = at
    return sent


def report(slack: SlackServer, sent: dict[str, float]) -> None:
    waits = sorted(slack.acks[envelope][0] - at for envelope, at in sent.items() if envelope in slack.acks)
    answered = Counter(call.given.get("name") for call in slack.calls if call.method == "respond")

    def share(part: float) -> float:
        return waits[min(len(waits) - 1, int(part * len(waits)))] * 1000

    print(f"{len(sent)} commands, {len(waits)} acknowledged, {len(answered)} answered")
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    print(f"ack: p50 {share(0.5):.0f} ms, p99 {share(0.99):.0f} ms, max {waits[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
