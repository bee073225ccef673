"""What a text leans on outside itself."""

from __future__ import annotations

import pytest

from bot.write.headline import headline
from bot.write.refer import leaning


def cost(*sentences: str) -> float:
    return leaning([s.split() for s in sentences])


@pytest.mark.parametrize(
    ("leans", "stands"),
    [
        (["It was fast."], ["Ruff was fast."]),
        (["They sold it to him."], ["Netscape sold Mozilla."]),
        (["This is why people paint roofs."], ["Heat is why people paint roofs."]),
        (["Those roofs reflect light."], ["White roofs reflect light."]),
        (["As you mentioned, roofs reflect light."], ["Roofs reflect light."]),
        (["It reflects light.", "Roofs cool streets."], ["Roofs cool streets.", "It reflects light."]),
    ],
)
def test_a_reference_without_its_noun_costs_more(leans: list[str], stands: list[str]) -> None:
    assert cost(*leans) > cost(*stands)


@pytest.mark.parametrize(
    "text",
    ["It's hard to paint every roof.", "It takes thirty years.", "Engineers know that roofs reflect light."],
)
def test_what_points_at_nothing_costs_nothing(text: str) -> None:
    assert cost(text) == 0


def test_a_headline_is_no_fragment() -> None:
    worse = headline(0, "Having networks that can be scaled.", 1.0, set(), "")
    better = headline(0, "Having networks that can be scaled is hard.", 1.0, set(), "")
    assert better is not None and (worse is None or worse.score < better.score)
