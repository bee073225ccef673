"""Prompts: which file is taken, what may be filled in, and what its hash says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.prompts import prompt

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
