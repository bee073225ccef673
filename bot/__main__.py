"""`earmark`, also as `python -m bot`: the verbs are in `bot/cli`, the wiring in `bot/wiring.py`."""

from __future__ import annotations

from bot.cli import care, demo, errata, honest, keep, library, run, scripts, share, stages, train
from bot.cli.app import main

__all__ = [
    "care",
    "demo",
    "errata",
    "honest",
    "keep",
    "library",
    "main",
    "run",
    "scripts",
    "share",
    "stages",
    "train",
]

if __name__ == "__main__":
    main()
