"""A change of keys: what older ones sealed is sealed with the first, and counted while any is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.ports.notes import NoteStore, SealedKind
from bot.vault import Vault

KINDS: tuple[SealedKind, ...] = ("feed", "episode", "secret")
BATCH = 200  # rows a transaction: nobody waits long for it, and a kill loses no more


def rekey(store: NoteStore, vault: Vault, root: str, batch: int = BATCH) -> int:
    """Seal anew all that is under older keys; how many texts that were. Killed, it goes on where it was:
    what is done is no longer old. ConfigError: a key is missing (it is asked before anything is touched).

    The root of fingerprints and links is kept first, as the secret `root`: with it the old key can go.
    """
    if store.secret(root) is None:
        store.save_secret(root, vault.sealed_root)
    vault.subkey("rekey")
    return sum(_each(store, vault.renewed, batch))


def old(store: NoteStore, vault: Vault) -> int:
    """How many texts an older key than the first has sealed (or one that isn't here); nothing is changed."""
    seen: list[str] = []

    def looked(sealed: str) -> str:
        if vault.is_old(sealed):
            seen.append(sealed)
        return sealed

    sum(_each(store, looked, BATCH))
    return len(seen)


def _each(store: NoteStore, renewed: Callable[[str], str], batch: int) -> Iterator[int]:
    for kind in KINDS:
        after, begun = "", False
        while after or not begun:
            after, texts = store.reseal(kind, after, batch, renewed)
            begun = True
            yield texts
