"""Discord: embeds, buttons that outlive a restart, application commands, threads; no gateway for posting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Host, Publisher, Store
    from bot.request import Core


def publisher(host: Host) -> Publisher:
    from adapters.discord.publish import DiscordPublisher

    return DiscordPublisher(host)


def serve(core: Core, host: Host) -> None:
    """Answer people until SIGTERM or SIGINT. ConfigError: the token is missing or refused."""
    from adapters.discord.listening import serve

    serve(core, host)


def examine(host: Host, store: Store) -> Iterator[tuple[str, str, str]]:
    """What `earmark doctor` says of Discord: (ok, note or broken; what; and what to do about it)."""
    from adapters.discord.checks import examine

    return examine(host, store)
