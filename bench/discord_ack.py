"""How soon the shipped listener acknowledges and answers slash commands, over the wire to the stand-in.

    python -m bench.discord_ack [--seconds 60] [--rate 50] [--burners 1]

Burners are processes that keep a core busy each, as transcription does. Prints one JSON object, milliseconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from tests.discord_server import DiscordServer
from tests.test_discord_process import Posted

COMMANDS = ("digest show", "insights", "podcasts list", "help")
BURN = "while True: sum(n * n for n in range(10**6))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=50, help="commands a second")
    parser.add_argument("--burners", type=int, default=1)
    given = parser.parse_args()
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(given.burners)]
    try:
        with tempfile.TemporaryDirectory() as folder, DiscordServer() as server:
            posted = Posted(Path(folder), server)
            with posted.running():
                print(json.dumps(measured(server, given.seconds, given.rate)))
            posted.store.close()
    finally:
        for burner in burners:
            burner.kill()


def measured(server: DiscordServer, seconds: int, rate: int) -> dict[str, object]:
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number, name in zip(range(seconds * rate), cycle(COMMANDS), strict=False):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        at = time.monotonic()
        sent[server.slash(name)] = at
    server.seen(lambda: len(_answers(server)) >= len(sent), 60.0)
    acks = {call.path.split("/")[2]: call.at for call in server.calls if call.path.endswith("/callback")}
    return {
        "sent": len(sent),
        "acknowledged": _spread(sent, acks),
        "answered": _spread(sent, _answers(server)),
    }


def _answers(server: DiscordServer) -> dict[str, float]:
    """Interaction → when its answer was edited in."""
    edits = (call for call in server.calls if call.method == "PATCH")
    return {call.path.split("/")[3].removeprefix("token-"): call.at for call in edits}


def _spread(sent: dict[str, float], came: dict[str, float]) -> dict[str, float]:
    waits = sorted(came[one] - at for one, at in sent.items() if one in came)
    places = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    last = len(waits) - 1
    return {"count": len(waits)} | {
        name: round(1000 * waits[min(last, int(len(waits) * share))], 1) for name, share in places.items()
    }


if __name__ == "__main__":
    main()
