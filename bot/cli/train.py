"""Verbs for who trains and compares models: models, fidelity, distill, tune. They need the extra `train`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any

import typer

from bot import lineage
from bot.cli.app import Json, app, earmark, say, show_json
from bot.config import Settings
from bot.errors import ConfigError

Folder = Annotated[
    Path, typer.Option("--folder", help="Annotated episodes: ID.transcript.json and ID.reference.json.")
]
# Names that are resolved only when asked for: nothing of the product imports what trains.
VERBS = {verb: f"bot.training.{verb}" for verb in ("fidelity", "distill", "tune")}


def trained(verb: str) -> Any:
    """The module behind a verb; ConfigError that says what to install where a library is missing."""
    try:
        return resolve_name(VERBS[verb])
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("bot"):
            raise
        raise ConfigError(
            f'`earmark {verb}` needs {error.name}: `pip install "earmark[train]"` brings it.'
        ) from error


@app.command()
def models(as_json: Json = False) -> None:
    """List which model does what, how good it is, what it costs, and which is used why."""
    with earmark() as it:
        settings = it.settings
    rows = [{**row, "in_use": in_use(row, settings)} for row in lineage.measured()]
    if as_json:
        return show_json(rows)
    for task in dict.fromkeys(row["task"] for row in rows):
        typer.echo(task)
        for row in (r for r in rows if r["task"] == task):
            typer.echo(f"  {'✓' if row['in_use'] else '·'} {row['model']}")
            for line in about(row):
                typer.echo(f"      {line}")
    typer.echo("\n✓ is what these settings use; within a task the smallest comes first.")
    for name, meaning in LEGEND.items():
        typer.echo(f"{name}: {meaning}")
    for task, name in unmeasured(settings, rows):
        say(f"{name} ({task}) isn't in this table yet: docs/training.md says how it is measured.")


def in_use(row: Mapping[str, Any], settings: Settings) -> bool:
    """Whether these settings choose the model; a model may be named by its folder."""
    wanted = row.get("when", {})
    if row.get("never"):
        return False
    return all(Path(str(getattr(settings, name, ""))).name == value for name, value in wanted.items())


def unmeasured(settings: Settings, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the settings name and no row knows."""
    named = {"write": settings.llm_model or settings.writer, "transcribe": settings.asr_model}
    used = {row["task"] for row in rows if row["in_use"]}
    return [(task, Path(name).name) for task, name in named.items() if task not in used]


def about(row: Mapping[str, Any]) -> Iterator[str]:
    """How good it is, what it costs, and where it is used why."""
    figures = ", ".join(f"{name} {value:g}" for name, value in row.get("scores", {}).items())
    yield f"{figures} ({row['measured']}; {row['date']})" if figures else "not measured"
    costs = [form.format(row[name]) for name, form in COSTS.items() if row.get(name)]
    if costs:
        yield f"{', '.join(costs)} {row.get('unit', '')}".rstrip()
    yield ": ".join(part for part in (row.get("used"), row.get("why")) if part)


LEGEND = {
    "nDCG@5": "how near the five best are to an annotator's, 1 for the same five in order",
    "hit@5": "share of the annotator's five that they hit; waste: share that is advertisement or small talk",
    "F1, F0.5": "of what is found and what is right among it, 1 for all; 0.5 counts false finds double",
    "openings, copied 5": "texts that begin like two others; runs of five words that were said so",
}
COSTS = {"size_mb": "{:g} MB", "tokens": "{:g} tokens", "seconds": "{:g} s"}


@app.command()
def fidelity(
    a: Annotated[
        str, typer.Argument(help="The original: reader:fp32, minilm:fp32, whisper:fp32, smollm2, FOLDER …")
    ],
    b: Annotated[str, typer.Argument(help="Its cousin: reader:int8, FOLDER:int8 …")],
    folder: Annotated[
        Path,
        typer.Option(
            "--folder", help="Annotated episodes; for whisper, audio with X.mp3.ref.txt beside X.mp3."
        ),
    ],
    texts: Annotated[
        int, typer.Option(help="How many texts both score, for language models and encoders.", min=1)
    ] = 100,
    outputs: Annotated[int, typer.Option(help="How many they write, each on its own.", min=0)] = 12,
    episodes: Annotated[int, typer.Option(help="How many both read or hear; 0: all.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="Where the report goes: HTML, and JSON beside it.")] = None,
    max_kl: Annotated[float | None, typer.Option(help="Fail above so many nats a token.")] = None,
    min_agreement: Annotated[
        float | None,
        typer.Option(help="Fail below this share: of likeliest tokens, of the chosen five, of equal words …"),
    ] = None,
) -> None:
    """Say how much of a cousin a model is, by the same passages through both; exit code 1 past a limit."""
    module = trained("fidelity")
    with earmark() as it:
        order = module.Order(
            a=a,
            b=b,
            folder=folder,
            texts=texts,
            outputs=outputs,
            episodes=episodes,
            limits=module.Limits(max_kl=max_kl, min_agreement=min_agreement),
        )
        verdict, broken = module.run(order, it.weights, it.clock().date(), out)
    typer.echo(verdict)
    for line in broken:
        say(f"Not kept: {line}.")
    if out:
        say(f"The report is in {out}.")
    if broken:
        raise typer.Exit(1)


@app.command()
def distill(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML); those that ship: bot/training/recipes.")],
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Where the student, and the reports, go.")],
    steps: Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=1)] = None,
    teacher: Annotated[Path | None, typer.Option(help="Instead of the recipe's.")] = None,
) -> None:
    """Teach a smaller model what a larger one knows: from its texts, or from its probabilities."""
    module = trained("distill")
    with earmark() as it:
        made = module.run(module.read(recipe, steps=steps, teacher=teacher), folder, out, it.weights)
    typer.echo(made)


@app.command()
def tune(
    task: Annotated[str, typer.Argument(help="What the model is to do: write or answer.")],
    model: Annotated[
        str, typer.Argument(help="smollm2, a folder, org/name on the hub, or endpoint (EARMARK_LLM_URL).")
    ],
    folder: Folder,
    budget: Annotated[int, typer.Option(help="How many answers may be drawn in the search.", min=4)] = 200,
    prompts: Annotated[Path, typer.Option(help="The folder of prompts that is written to.")] = Path(
        "prompts"
    ),
    seed: int = 1,
) -> None:
    """Search the wording, examples and decoding that suit a model; keep them only if they are better."""
    module = trained("tune")
    with earmark() as it:
        order = module.Order(task=task, model=model, folder=folder, budget=budget, prompts=prompts, seed=seed)
        typer.echo(module.run(order, it.settings, it.weights, it.clock().date()))
