"""Puts what is sealed in the database through a change of keys, some rows a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from bot.ports.notes import Resealed, SealedKind
from bot.store import rows
from bot.store import tables as t
from bot.store.database import Database

Renewed = Callable[[str], str]


class SqlSeals:
    def __init__(self, database: Database) -> None:
        self._db = database

    def reseal(self, kind: SealedKind, after: str, limit: int, renewed: Renewed) -> Resealed:
        """The rows are locked from their reading to the commit, so that a poll that comes between waits."""
        table, key, change = _KINDS[kind]
        query: Any = select(table).order_by(key).limit(limit).with_for_update()
        if after:
            query = query.where(key > (after if kind == "secret" else int(after)))
        with self._db.write() as session:
            found = list(session.exec(query))
            texts = sum([change(row, renewed) for row in found])
            return Resealed(str(getattr(found[-1], key.key)) if len(found) == limit else "", texts)


def _sealed(row: Any, name: str, renewed: Renewed) -> int:
    old = getattr(row, name)
    new = renewed(old) if old else old
    if new == old:
        return 0
    setattr(row, name, new)
    return 1


def _episode(row: t.Episode, renewed: Renewed) -> int:
    links = rows.LINKS.validate_json(row.transcripts)
    changed = tuple(replace(link, sealed=renewed(link.sealed) if link.sealed else "") for link in links)
    differ = sum(old != new for old, new in zip(links, changed, strict=True))
    if differ:
        row.transcripts = rows.LINKS.dump_json(changed)
    return differ + _sealed(row, "enclosure_sealed", renewed)


_KINDS: Mapping[SealedKind, tuple[Any, Any, Callable[[Any, Renewed], int]]] = {
    "feed": (t.Feed, col(t.Feed.id), lambda row, renewed: _sealed(row, "sealed", renewed)),
    "episode": (t.Episode, col(t.Episode.id), _episode),
    "secret": (t.Secret, col(t.Secret.name), lambda row, renewed: _sealed(row, "sealed", renewed)),
}
