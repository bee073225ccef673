"""What ships can be made again: every file of weights has a recipe, a card and data that are named."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.training import shipped
from bot.weights import Weights

ROOT = Path(__file__).resolve().parent.parent
RECIPES = shipped.shipped()


def test_every_file_of_weights_has_one_recipe() -> None:
    found = [*(ROOT / "bot").rglob("*.safetensors"), *(ROOT / "bot" / "write").glob("*.json")]
    assert sorted(str(p.relative_to(ROOT)) for p in found) == sorted(r.weights for r in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_its_card_names_the_file_and_how_it_is_made(recipe: shipped.Shipped) -> None:
    card = (ROOT / recipe.card).read_text("utf-8")
    assert Path(recipe.weights).name in card
    assert f"bot.training.shipped {recipe.name} " in card
    for part in ("**Data.**", "**Figures**", "**Limits.**"):
        assert part in card


class Understood(Exception):
    pass


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
def test_its_command_is_understood(recipe: shipped.Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace:
        options = parse(self, argv)
        given = [v for v in vars(options).values() if isinstance(v, Path)]
        assert Path("made") in given and not options.out.is_absolute(), "what ships isn't written over"
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    names = ("folder", "scratch", *shipped.OWN, *shipped.ASKED)
    with pytest.raises(Understood):
        import_module(recipe.module).main(
            recipe.command({**{n: Path(n) for n in names}, "out": Path("made")})
        )


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    paths = {"folder": tmp_path, "out": tmp_path / "x"}
    with pytest.raises(ConfigError, match="borders needs --meetings"):
        shipped.make("borders", paths, Weights(tmp_path))
    with pytest.raises(ConfigError, match="no recipe “bordres”; there are ads, borders"):
        shipped.make("bordres", paths, Weights(tmp_path))
    (tmp_path / "odd.toml").write_text('colour = "red"', "utf-8")
    with pytest.raises(ConfigError, match=r"odd\.toml has weights, card, data"):
        shipped.read(tmp_path / "odd.toml")
