"""The library finds passages by words and vectors, in scope, and comes back after crashes and losses."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.answer import vectors
from bot.answer.library import FileLibrary
from bot.answer.passages import SENTENCES, WORDS, stretches
from bot.answer.vectors import VectorFiles
from bot.domain import Sentence
from bot.errors import StoreError
from tests.test_answer import BREAD, STREETS, WordEncoder

WIDTH = 64


def said(texts: tuple[str, ...], speaker: str = "") -> list[Sentence]:
    return [Sentence(start=10.0 * i, end=10.0 * i + 10, speaker=speaker, text=t) for i, t in enumerate(texts)]


def opened(folder: Path, encoder: WordEncoder | None = None) -> FileLibrary:
    return FileLibrary(folder, encoder or WordEncoder(), width=WIDTH)


@pytest.fixture
def library(tmp_path: Path) -> FileLibrary:
    made = opened(tmp_path)
    made.add(1, said(STREETS, "Ann"))
    made.add(2, said(BREAD, "Bo"))
    return made


def test_a_wide_scope_is_searched_too(library: FileLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.answer.library.RUNS", 1)
    library.add(3, said(("White roofs are white.",)))
    found = {f.episode_id for f in library.search("white roofs", {2, 3})}
    assert found == {2, 3} and library.search("white roofs", {2, 3})[0].episode_id == 3


@pytest.mark.parametrize("suffix", [".f16", ".signs"])
def test_lost_or_cut_vectors_are_made_again(tmp_path: Path, library: FileLibrary, suffix: str) -> None:
    library.close()
    file = next(tmp_path.glob(f"*{suffix}"))
    file.write_bytes(file.read_bytes()[:-1])
    again = opened(tmp_path)
    assert again.known() == set()
    again.add(2, said(BREAD))
    assert again.search("price of flour")[0].episode_id == 2
    assert len(list(tmp_path.glob("*.f16"))) == 1


def test_a_damaged_index_is_begun_again(tmp_path: Path, library: FileLibrary) -> None:
    library.close()
    for file in tmp_path.glob("library.db*"):
        file.write_bytes(b"this is no database, but long enough to be looked at as if it were one" * 9)
    assert opened(tmp_path).known() == set()


def test_a_folder_that_can_t_be_used_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="search index"):
        opened(tmp_path / "file")


KILLED = """
import os, sys
from pathlib import Path
from tests.test_library_search import BREAD, opened, said
library = opened(Path(sys.argv[1]))
library._insert = lambda *rows: os.kill(os.getpid(), 9)  # after the vectors, before the commit
library.add(7, said(BREAD))
"""


def test_a_kill_between_vectors_and_commit_leaves_it_as_it_was(tmp_path: Path, library: FileLibrary) -> None:
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert run.returncode == -9
    assert library.known() == {1, 2}
    library.add(7, said(("Trams are quieter than buses.",)))
    assert "Trams" in library.search("quiet trams", {7})[0].text
    assert library.search("price of flour")[0].episode_id == 2


def test_passages_hold_every_sentence_once_and_stay_small() -> None:
    texts = tuple(f"word{n} " * (n % 60 + 1) for n in range(100))
    made = stretches(said(texts))
    assert [i for s in made for i in range(s.first, s.last + 1)] == list(range(100))
    assert all(s.last - s.first < SENTENCES and len(s.text.split()) <= WORDS for s in made)


def test_the_shortlist_finds_what_looking_at_all_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(200, 384))
    rows = centres[rng.integers(0, 200, 6000)] + 0.7 * rng.normal(size=(6000, 384))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    files = VectorFiles(tmp_path, "v", 384)
    files.write(0, unit)
    monkeypatch.setattr(vectors, "EXACT", 1000)
    monkeypatch.setattr(vectors, "SHORTLIST", 300)
    every = np.arange(6000)
    shares = []
    for row in unit[:50]:
        exact, near = (set(files.nearest(row, every, 10, exact=e)[0].tolist()) for e in (True, False))
        shares.append(len(exact & near) / 10)
    assert np.mean(shares) >= 0.95


def test_without_fts5_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            asked = "FTS5" in sql
            return super().execute("SELECT 0" if asked else sql, *rest)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(path, factory=Without, **how))
    with pytest.raises(StoreError, match="FTS5"):
        opened(tmp_path)
