"""Gives a process its health port, where one is set."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.errors import EarmarkError

if TYPE_CHECKING:
    from bot.health import Check, Pulse
    from bot.wiring import Earmark

MIN_FREE_BYTES = 200_000_000
PORT = "EARMARK_HEALTH_PORT"


def watched(it: Earmark, *kind: str, pulses: Mapping[str, Pulse] | None = None) -> None:
    """Serve /healthz, /readyz and /metrics of this process; nothing where no port is set."""
    settings, beats = it.settings, pulses or {}
    if not settings.health_port:
        return
    from bot import health, metrics

    checks: dict[str, Check] = {
        "database": lambda: _database(it),
        "key": lambda: _key(it),
        "disk": lambda: _disk(it),
        **({"tick": beats["beat"].check} if "beat" in beats else {}),
    }

    def exposition() -> str:
        ages = {name: pulse.age_s for name, pulse in beats.items()}
        free = shutil.disk_usage(settings.data_dir).free
        return metrics.exposition(it.store, it.clock(), it.prices) + "".join(
            health.of_process(health.kinds(kind), ages, free)
        )

    health.listen(settings.health_host, settings.health_port, health.Health(checks, exposition))


def port_of_child(it: Earmark, number: int) -> dict[str, str]:
    """The environment of the `number`th child (from 1): the ports after ours, in order."""
    port = it.settings.health_port
    return {PORT: str(port + number)} if port else {}


def _database(it: Earmark) -> None:
    """There, and of our schema: another process may have brought it further than this one knows."""
    from bot.store.sql import HEAD

    if it.store.version() != HEAD:
        raise EarmarkError("The database has another schema.")


def _key(it: Earmark) -> None:
    """One private feed is enough to tell: they are sealed with one key, or with one of the few given."""
    private = next((feed for feed in it.store.feeds() if feed.sealed), None)
    if private is not None:
        it.vault.open(private.url, private.sealed)


def _disk(it: Earmark) -> None:
    if shutil.disk_usage(it.settings.data_dir).free < MIN_FREE_BYTES:
        raise EarmarkError("The disk is nearly full.")
