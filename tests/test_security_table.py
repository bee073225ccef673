"""The table in docs/security.md names the tests that show what is promised: each of them exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs" / "security.md"
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.M)


def named() -> Iterator[tuple[str, str]]:
    """(module, beginning of a test's name) of each row; a test without a module is in the last one named, a
    name that ends in “…” is the beginning of several."""
    for row in re.findall(r"^\|.*`test_\w+.*$", DOCUMENT.read_text("utf-8"), re.M):
        module = ""
        for name in re.findall(r"`(test_[\w:]+…?)`", row):
            head, _, test = name.rpartition("::")
            if (HERE / f"{name}.py").is_file():
                module = name
                yield module, "test_…"
            else:
                module = head or module
                yield module, test


@pytest.mark.parametrize(("module", "test"), sorted(set(named())))
def test_a_test_that_is_named_exists(module: str, test: str) -> None:
    there = _TEST.findall((HERE / f"{module}.py").read_text("utf-8"))
    assert any(name == test or (test.endswith("…") and name.startswith(test[:-1])) for name in there)


def test_the_table_is_read() -> None:
    assert len(set(named())) > 25
