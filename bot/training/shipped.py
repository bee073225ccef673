"""What ships, made again: `python -m bot.training.shipped [NAME --folder FOLDER --out FILE]`.

Each file of weights in the repository has a recipe in `bot/training/recipes/ships`: what it is for, its card,
its data, and the command that makes it. Without a name they are listed. What a recipe needs besides annotated
episodes is asked for by name: --pythonbytes (a folder of VTT files), --meetings (a file of QMSum). MiniLM is
pulled. A hundred episodes take from a minute (gate) to an hour (reader) on one core.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import config
from bot.errors import ConfigError, EarmarkError
from bot.read.encoder import convert
from bot.weights import Weights

RECIPES = Path(__file__).with_name("recipes") / "ships"
ROOT = Path(__file__).resolve().parent.parent.parent
# What is asked for by name, where a recipe needs it.
PULLED = {"minilm": "minilm", "reranker": "cross-encoder"}
OWN = (*PULLED, "converted", "ranker")  # pulled, or made on the way
ASKED = {
    "pythonbytes": "the folder of the VTT files that ads_labels.json marks",
    "meetings": "QMSum's train.jsonl",
}


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """`weights`, `card`: paths in the repository. `module` is run with `arguments`, in which {folder}, {out},
    {scratch} and the names of OWN and ASKED stand for paths. `differs`: how the committed
    weights were made otherwise."""

    name: str
    weights: str
    card: str
    data: str
    module: str
    arguments: tuple[str, ...]
    differs: str = ""

    def needs(self) -> list[str]:
        return [name for name in ASKED if f"{{{name}}}" in self.arguments]

    def command(self, paths: Mapping[str, Path]) -> list[str]:
        """The module's arguments; ConfigError for what is needed and not among `paths`."""
        for name in self.needs():
            if name not in paths:
                raise ConfigError(f"{self.name} needs --{name}: {ASKED[name]}.")
        return [a.format(**{n: str(p) for n, p in paths.items()}) for a in self.arguments]


def shipped() -> list[Shipped]:
    """Every recipe, by name; ConfigError for one that isn't whole."""
    return [read(path) for path in sorted(RECIPES.glob("*.toml"))]


def read(path: Path) -> Shipped:
    values = tomllib.loads(path.read_text("utf-8"))
    try:
        return Shipped(**{**values, "name": path.stem, "arguments": tuple(values.get("arguments", ()))})
    except TypeError as error:
        known = ", ".join(f.name for f in fields(Shipped) if f.name != "name")
        raise ConfigError(f"The recipe {path.name} has {known}, and nothing else.") from error


def listed() -> Iterator[str]:
    for one in shipped():
        yield f"{one.name}: {one.weights} ({one.card})"
        yield f"    learnt from {one.data}"
        yield f"    python -m {one.module} {' '.join(one.arguments)}"
        if one.differs:
            yield f"    the committed file was {one.differs}"


def make(name: str, paths: Mapping[str, Path], weights: Weights) -> Path:
    """Run the recipe; the file that it wrote."""
    found = {one.name: one for one in shipped()}
    if name not in found:
        raise ConfigError(f"There is no recipe “{name}”; there are {', '.join(found)}.")
    recipe = found[name]
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        own = {"scratch": scratch / "scratch", "ranker": scratch / "ranker.safetensors"}
        own |= {n: weights.folder(pulled) for n, pulled in PULLED.items() if f"{{{n}}}" in recipe.arguments}
        if "{converted}" in recipe.arguments:
            own["converted"] = scratch / "minilm"
            convert(own["minilm"], own["converted"])
        command = recipe.command({**own, **paths})
        paths["out"].parent.mkdir(parents=True, exist_ok=True)
        import_module(recipe.module).main(command)
    return paths["out"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.shipped",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", help="which; all are listed without")
    parser.add_argument("--folder", type=Path, help="annotated episodes")
    parser.add_argument("--out", type=Path, help="the file to write")
    for name, about in ASKED.items():
        parser.add_argument(f"--{name}", type=Path, help=about)
    options = vars(parser.parse_args(argv))
    name = options.pop("name")
    if not name:
        sys.stdout.write("\n".join(listed()) + "\n")
    elif not (options["folder"] and options["out"]):
        parser.error("name --folder and --out")
    else:
        given = {key: path for key, path in options.items() if path}
        try:
            made = make(name, given, Weights(config.load().cache_dir / "weights"))
        except EarmarkError as error:
            sys.exit(str(error))
        sys.stdout.write(f"Written to {made}.\n")


if __name__ == "__main__":
    main()
