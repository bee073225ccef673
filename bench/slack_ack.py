"""How soon the shipped Slack process acknowledges slash commands while the machine transcribes.

python -m bench.slack_ack [--rate 50] [--seconds 60] [--audio FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.slack_server import CHANNEL, TEAM, SlackServer
from tests.test_slack_serve import Served

DEMO = Path(__file__).resolve().parent.parent / "bot" / "demo" / "sleep.mp3"
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
    with tempfile.TemporaryDirectory() as folder, SlackServer() as slack:
        served = Served(Path(folder), slack, **tokens)
        stop = threading.Event()
        busy = threading.Thread(target=transcribe, args=(given.audio, stop))
        try:
            slack.wait(lambda: slack.connections, 30)
            busy.start()
            time.sleep(5)  # until the speech model is really at work
            sent = send(slack, given.rate, given.seconds)
            slack.wait(lambda: sent.keys() <= slack.acks.keys(), 30)
            deadline = time.monotonic() + 120
            while slack.count("respond") < len(sent) and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            stop.set()
            served.stop()
            busy.join()
        report(slack, sent)


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


def transcribe(audio: Path, stop: threading.Event) -> None:
    """The worker's heaviest job, again and again."""
    while not stop.is_set():
        command = [sys.executable, "-m", "bot", "transcribe", str(audio), "--json"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while running.poll() is None and not stop.wait(0.2):
            pass
        running.kill()
        running.wait()


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
