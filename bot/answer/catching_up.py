"""Brings the library up to what the store has: new episodes, other transcripts, and those that are gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.answer.joined import Library
from bot.domain import Sentence
from bot.errors import StoreError


def catch_up(library: Library, heard: Mapping[int, str], said: Callable[[int], Sequence[Sentence]]) -> int:
    """How many episodes were indexed, of `heard` ones (with the marks of their transcripts).

    An episode whose mark is another one than it was added with is indexed again, since its transcript was
    replaced, or the store came back from a backup; one that isn't heard any more is forgotten.
    """
    known = library.marks()
    for episode_id in known.keys() - heard.keys():
        library.forget(episode_id)
    stale = [id for id, mark in heard.items() if known.get(id) != mark]
    return sum(_added(library, id, heard[id], said) for id in stale)


def _added(library: Library, id: int, mark: str, said: Callable[[int], Sequence[Sentence]]) -> bool:
    try:
        sentences = said(id)
    except StoreError:
        return False  # gone since it was listed
    library.add(id, sentences, mark=mark)
    return True
