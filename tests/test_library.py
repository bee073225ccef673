"""The contract of the library, in files and in Postgres: passages by words and vectors, in scope, kept up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import wiring_models
from bot.answer.catching_up import catch_up
from bot.answer.joined import Library
from bot.answer.library import FileLibrary
from bot.answer.library_postgres import NoVectors, PostgresLibrary
from bot.config import Settings
from bot.domain import Sentence
from bot.errors import StoreError
from tests.store_postgres import new_database
from tests.test_answer import BREAD, STREETS, WordEncoder
from tests.test_library_search import WIDTH, said

Opened = Callable[..., Library]


@pytest.fixture(params=["files", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Opens the same library, every time it is called; with a width of WIDTH."""
    made: list[Library] = []
    where = new_database() if request.param == "postgres" else tmp_path
    kind: Callable[..., Library] = PostgresLibrary if request.param == "postgres" else FileLibrary

    def open_(encoder: WordEncoder | None = None) -> Library:
        made.append(kind(where, encoder or WordEncoder(), width=WIDTH))
        return made[-1]

    yield open_
    for library in made:
        library.close()


@pytest.fixture
def library(opened: Opened) -> Library:
    made = opened()
    made.add(1, said(STREETS, "Ann"))
    made.add(2, said(BREAD, "Bo"))
    return made


def test_a_passage_is_found_with_its_place(library: Library) -> None:
    best = library.search("How much cooler were white roofs?")[0]
    assert best.episode_id == 1 and (best.first, best.last) == (0, 4)
    assert "two degrees cooler" in best.text and best.speaker == "Ann" and best.start == 0.0


def test_a_speaker_s_name_finds_what_they_said(library: Library) -> None:
    assert library.search("Bo?")[0].episode_id == 2


def test_only_episodes_in_scope_are_searched(library: Library) -> None:
    assert {f.episode_id for f in library.search("white roofs and cooler streets", {2})} == {2}
    assert library.search("white roofs", set()) == [] == library.search("white roofs", {9})


@pytest.mark.parametrize("question", ['"', "AND OR NOT", "roofs* NEAR(", "", "the of and", "🍞", "a" * 5000])
def test_any_question_can_be_asked(library: Library, question: str) -> None:
    assert all(f.episode_id in {1, 2} for f in library.search(question))


def test_an_episode_added_again_replaces_itself(library: Library) -> None:
    library.add(1, said(("Trams are quieter than buses.",)))
    assert library.known() == {1, 2}
    assert not any("roofs" in f.text for f in library.search("white roofs cooler streets"))
    assert "Trams" in library.search("quiet trams")[0].text
    assert library.passages_of(1) is not None


def test_only_another_transcript_is_indexed_again_and_its_old_passages_go(opened: Opened) -> None:
    library, spoken = opened(), {1: STREETS, 2: BREAD}
    catch = lambda **marks: catch_up(library, {int(k[1:]): v for k, v in marks.items()}, read)  # noqa: E731

    def read(id: int) -> list[Sentence]:
        if id not in spoken:
            raise StoreError("There is no transcript.")
        return said(spoken[id])

    assert catch(_1="a", _2="b") == 2 and catch(_1="a", _2="b") == 0
    spoken[1] = ("Trams are quieter than buses.",)
    assert catch(_1="c", _2="b", _3="d") == 1, "3 went away after it was listed"
    assert not any("roofs" in f.text for f in library.search("white roofs cooler streets"))
    assert "Trams" in library.search("quiet trams")[0].text
    assert catch(_2="b") == 0 and library.known() == {2} == set(library.marks())
    library.close()
    assert opened().marks() == {2: "b"}


def test_an_episode_is_forgotten(library: Library) -> None:
    library.forget(1)
    assert library.known() == {2} and library.passages_of(1) is None


def test_an_empty_episode_is_known_and_finds_nothing(opened: Opened) -> None:
    library = opened()
    library.add(3, [])
    assert library.known() == {3} and library.search("anything") == []


def test_it_is_there_after_a_restart_without_encoding(opened: Opened, library: Library) -> None:
    library.close()
    encoder = WordEncoder()
    again = opened(encoder)
    assert again.known() == {1, 2} and encoder.tokens == 0
    assert again.search("price of flour")[0].episode_id == 2


def test_vectors_of_another_model_are_made_again(opened: Opened, library: Library) -> None:
    library.close()
    encoder = WordEncoder()
    encoder.name = "another"
    assert opened(encoder).known() == set()


def test_what_another_process_adds_is_found(opened: Opened, library: Library) -> None:
    other = opened()
    assert other.search("flour")
    library.add(3, said(("Trams are quieter than buses.",)))
    assert other.search("quiet trams")[0].episode_id == 3


def test_threads_share_one_library(library: Library) -> None:
    wrong: list[str] = []

    def work(n: int) -> None:
        library.add(10 + n, said((f"Tram number {n} is quiet.",)))
        if library.search(f"tram number {n}", {10 + n})[0].episode_id != 10 + n:
            wrong.append(str(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(library.known()) == 10


@pytest.mark.postgres
def test_without_pgvector_it_says_so_and_the_files_take_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answer.library_postgres._TABLES", "CREATE EXTENSION no_such_extension")
    url = new_database()
    with pytest.raises(NoVectors, match="CREATE EXTENSION vector"):
        PostgresLibrary(url, WordEncoder(), width=WIDTH)
    made = wiring_models.library(Settings(data_dir=tmp_path), url, WordEncoder(384))  # type: ignore[arg-type]
    assert isinstance(made, FileLibrary)
    made.close()


def test_an_unreachable_server_is_told_without_its_address() -> None:
    with pytest.raises(StoreError) as told:
        PostgresLibrary("postgresql://ann:secret@127.0.0.1:1/x", WordEncoder())
    assert not any(word in str(told.value) for word in ("secret", "ann:", "127.0.0.1"))
