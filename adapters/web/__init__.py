"""Pages: episodes with transcripts, digests, shows; feeds to follow, files to take along, and health."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ports import Host, Store
from bot.request import Core


def serve(core: Core, host: Host) -> None:
    """Serve the pages until SIGTERM or SIGINT. ConfigError: the port is taken, or pages are off."""
    from adapters.web.listening import serve

    serve(core, host)


def examine(host: Host, store: Store) -> Iterator[tuple[str, str, str]]:
    """Whether posts will link to pages, and whether those can be read."""
    from adapters.web.checks import examine

    yield from examine(host)
