"""Slack: Block Kit, slash commands, threads and the Home tab; Socket Mode, or HTTP with OAuth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Host, Publisher, Store
    from bot.request import Core


def publisher(host: Host) -> Publisher:
    from adapters.slack.publish import SlackPublisher

    return SlackPublisher(host)


def serve(core: Core, host: Host) -> None:
    """Answer people until SIGTERM or SIGINT. ConfigError: a token or secret is missing or refused."""
    from adapters.slack.listening import listen

    listen(core, host)


def examine(host: Host, store: Store) -> Iterator[tuple[str, str, str]]:
    """What `earmark doctor` says of Slack: (ok, note or broken; what; and what to do about it)."""
    from adapters.slack.checks import checked

    return checked(host, store)
