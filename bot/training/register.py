"""The table behind `earmark models` (`bot/models.json`): each row written by what measured it.

    python -m bot.training.evaluate FOLDER --json > evaluation.json
    python -m bot.training.register evaluation.json
    python -m bot.training.register --task transcribe --model "Whisper tiny.en int8" --set seconds=0.062 …

A row is known by its task and model; what isn't given of a row that is there stays as it is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parent.parent / "models.json"
Row = Mapping[str, Any]
# Of the evaluation's rows: task → how its method begins, the figures that say how good it is.
MEASURED = {
    "read": ("reader alone", ("nDCG@5", "hit@5", "waste", "ad F0.5")),
    "write": ("reader + ", ("nDCG@5", "hit@5", "made", "openings", "copied 5")),
}


def recorded(rows: Sequence[Row], new: Row) -> list[dict[str, Any]]:
    """The rows with a new one, or with what it says of one that is there; scores are merged by name."""
    key = (new["task"], new["model"])
    old = next((r for r in rows if (r["task"], r["model"]) == key), {})
    row = {**old, **new, "scores": {**old.get("scores", {}), **new.get("scores", {})}}
    others = [dict(r) for r in rows if (r["task"], r["model"]) != key]
    return sorted([*others, row], key=lambda r: (ORDER.index(r["task"]), r.get("rung", 0), r["model"]))


ORDER = ("transcribe", "punctuate", "read", "advertisements", "write", "answer")


def of_evaluation(report: Mapping[str, Any], when: date) -> Iterator[Row]:
    """Rows of what `bot.training.evaluate --json` measured on the published transcripts."""
    models = {"read": report["reader"], "write": report["writer"]}
    for task, (begins, names) in MEASURED.items():
        for found in report["rows"]:
            if found["form"] == "published" and found["method"].startswith(begins):
                scores = {n: round(found["figures"][n], 3) for n in names if n in found["figures"]}
                on = f"{len(report['episodes'])} held-out episodes"
                yield {
                    "task": task,
                    "model": models[task],
                    "scores": scores,
                    "measured": on,
                    "date": str(when),
                }


def save(new: Sequence[Row], path: Path = MODELS) -> None:
    rows: Sequence[Row] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    for row in new:
        rows = recorded(rows, row)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.register",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("evaluation", type=Path, nargs="?", help="what `evaluate --json` printed")
    parser.add_argument("--task", choices=ORDER)
    parser.add_argument("--model")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field")
    parser.add_argument(
        "--when", action="append", default=[], metavar="SETTING=VALUE", help="what chooses it"
    )
    parser.add_argument("--score", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--file", type=Path, default=MODELS)
    options = parser.parse_args(argv)
    if options.evaluation:
        when = datetime.fromtimestamp(options.evaluation.stat().st_mtime, UTC).date()
        save(list(of_evaluation(json.loads(options.evaluation.read_text("utf-8")), when)), options.file)
    elif options.task and options.model:
        save([_given(options)], options.file)
    else:
        parser.error("name an evaluation, or --task and --model")


def _given(options: argparse.Namespace) -> Row:
    fields: dict[str, Any] = dict(pair.split("=", 1) for pair in options.set)
    numbers = {n: float(fields[n]) for n in NUMBERS if n in fields}
    scores = {name: float(value) for name, value in (pair.rsplit("=", 1) for pair in options.score)}
    when = {"when": dict(pair.split("=", 1) for pair in options.when)} if options.when else {}
    return {"task": options.task, "model": options.model, **fields, **numbers, **when, "scores": scores}


# Fields of a row that are numbers: millions of parameters, megabytes, its place on the ladder from below,
# seconds and tokens a unit of work ("unit").
NUMBERS = ("parameters_m", "size_mb", "rung", "seconds", "tokens")

if __name__ == "__main__":
    main()
