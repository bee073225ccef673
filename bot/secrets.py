"""Texts that must stay secret (a workspace's token): sealed with the vault's key, kept in the store."""

from __future__ import annotations

from bot.ports.notes import NoteStore
from bot.vault import Vault


class SealedSecrets:
    """Implements ports.Secrets. ConfigError: a text was sealed with another key than the vault's."""

    def __init__(self, vault: Vault, store: NoteStore) -> None:
        self._vault = vault
        self._store = store

    def save(self, name: str, text: str) -> None:
        self._store.save_secret(name, self._vault.seal_text(text))

    def load(self, name: str) -> str | None:
        sealed = self._store.secret(name)
        return None if sealed is None else self._vault.open_text(name, sealed)

    def names(self, prefix: str) -> list[str]:
        return self._store.secrets(prefix)

    def delete(self, name: str) -> None:
        self._store.delete_secret(name)
