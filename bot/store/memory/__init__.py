"""The store in dicts: the same contract as SqlStore, for tests and for runs that should leave no trace."""

from __future__ import annotations

from bot.store.memory.channels import MemoryChannels
from bot.store.memory.errata import MemoryErrata
from bot.store.memory.feeds import MemoryFeeds
from bot.store.memory.library import MemoryLibrary
from bot.store.memory.talk import MemoryNotes, MemoryTalk
from bot.store.memory.work import MemoryWork


class MemoryStore(
    MemoryFeeds, MemoryWork, MemoryLibrary, MemoryChannels, MemoryTalk, MemoryErrata, MemoryNotes
):
    """Implements ports.Store, a part for each port. Safe in several threads; everything is gone with the
    object."""

    def close(self) -> None:
        pass

    def version(self) -> str:
        return ""  # it has none
