"""Prompts: which file is taken, what may be filled in, and what its hash says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.prompts import Decoding, decoding, prompt

ASKED = frozenset({"passage"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "write").mkdir()
    for name in ("default", "qwen2.5", "qwen2.5-0.5b"):
        (tmp_path / "write" / f"{name}.md").write_text(f"{name}: $passage\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("family", "taken"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", "qwen2.5-0.5b"),
        ("Qwen2.5-7B", "qwen2.5"),
        ("llama3.2", "default"),
        ("../../secrets", "default"),
        ("llama3.2:3b", "default"),
        ("", "default"),
    ],
)
def test_the_most_special_file_is_taken(folder: Path, family: str, taken: str) -> None:
    assert prompt("write", family, ASKED, folder).family == taken


def test_filled_in_text_is_never_looked_at_for_variables(folder: Path) -> None:
    assert prompt("write", "", ASKED, folder).filled(passage="$5 for $passage") == "default: $5 for $passage"


def test_the_hash_is_that_of_the_text(folder: Path) -> None:
    first, other = prompt("write", "", ASKED, folder), prompt("write", "qwen2.5", ASKED, folder)
    assert len(first.hash) == 8 and first.hash != other.hash
    assert first.hash == prompt("write", "", ASKED, folder).hash


@pytest.mark.parametrize("values", [{}, {"passage": "x", "show": "y"}, {"show": "y"}])
def test_exactly_its_variables_must_be_given(folder: Path, values: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"takes \$passage"):
        prompt("write", "", ASKED, folder).filled(**values)


@pytest.mark.parametrize("text", ["no variable", "$passage and $other", "$passage for 5 $"])
def test_a_file_with_other_variables_is_refused(folder: Path, text: str) -> None:
    (folder / "write" / "default.md").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"write/default\.md"):
        prompt("write", "", ASKED, folder)


def test_a_task_without_prompts_is_said(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"no prompt sing/default\.md"):
        prompt("sing", "", ASKED, folder)


@pytest.mark.parametrize("family", ["default", "smollm2"])
def test_those_that_come_with_earmark(family: str) -> None:
    found = prompt("write", family, frozenset({"show", "about", "passage"}))
    filled = found.filled(show="City Hours", about="Lyon", passage="White roofs cool.")
    assert found.family == family
    assert all(part in filled for part in ("City Hours", "Lyon", "White roofs cool."))


def test_how_answers_are_drawn_is_noted_beside_the_text_that_it_is_of(folder: Path) -> None:
    found = prompt("write", "qwen2.5", ASKED, folder)
    note = folder / "write" / "qwen2.5.json"
    assert decoding(found, folder) is None
    note.write_text(json.dumps({"hash": found.hash, "temperature": 0, "top_p": 1.0}), "utf-8")
    assert decoding(found, folder) == Decoding(temperature=0.0, top_p=1.0)
    (folder / "write" / "qwen2.5.md").write_text("Another: $passage", "utf-8")
    assert decoding(prompt("write", "qwen2.5", ASKED, folder), folder) is None, "the text has changed since"
    note.write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match=r"write/qwen2\.5\.json isn't what"):
        decoding(found, folder)
