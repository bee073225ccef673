"""The verb about what was wrong: `errata` counts it, and writes it as examples to learn from."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.app import app, earmark, say
from bot.domain import Erratum, Flag
from bot.errors import StoreError
from bot.ports import Store
from bot.write.recheck import around, plain, sentences

# What names a person or a channel in a platform's own markup, or in an address.
_NAMED = re.compile(r"<[@#!][^>]*>|https?://\S+|\S+@\S+\.\w+|(?<!\w)[@#]\w[\w.-]*")


@app.command()
def errata(
    export: Annotated[
        Path | None, typer.Option(help="Write each decision with its passage to this file (JSONL).")
    ] = None,
) -> None:
    """Show how many insights were held to be wrong and what was decided, or write them as examples."""
    with earmark() as it:
        flags, decided = it.store.flags(), it.store.decided()
        made = list(examples(it.store, decided, flags)) if export else []
    if export is None:
        states = Counter(flag.status for flag in flags)
        typer.echo(f"Flags: {', '.join(f'{n} {status}' for status, n in states.items()) or 'none'}")
        verdicts = Counter(erratum.verdict for erratum in decided)
        typer.echo(f"Decisions: {', '.join(f'{n} {v}' for v, n in verdicts.items()) or 'none'}")
        return
    lines = (json.dumps(one, ensure_ascii=False) for one in made)
    export.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    say(f"{len(made)} example{'' if len(made) == 1 else 's'} written to {export}.")


def examples(store: Store, decided: Sequence[Erratum], flags: Sequence[Flag]) -> Iterator[dict[str, Any]]:
    """The decisions as `bot.training.gate_pairs.Pair` has them (its fields by name; `kind` "true": it was
    let stand), with the reasons, the correction and the models. No person, channel or workspace in it."""
    latest = {(one.insight_id, one.channel_id): one for one in decided}
    for (insight_id, channel_id), erratum in latest.items():
        insight = store.insight(insight_id)
        episode, reading = store.episode(insight.episode_id), store.reading(insight.episode_id)
        try:
            near = around(insight, reading.sentences if reading else sentences(store.source(episode.id)))
        except StoreError:
            continue  # without what was said there is nothing to learn from
        words = plain(insight.quote).strip()
        told = [f.reason for f in flags if f.insight_id == insight_id and channel_id in (None, f.channel_id)]
        yield {
            "id": f"erratum-{erratum.id}",
            "kind": "true" if erratum.verdict == "dismissed" else erratum.verdict,
            "headline": insight.headline,
            "text": insight.text,
            "quote": insight.quote,
            "passage": [asdict(s) for s in near],
            "metadata": " ".join([episode.title, episode.show, *sorted({s.speaker for s in near})]),
            "evidence": [n for n, s in enumerate(near) if words in plain(s.text)],
            "wrong": list(dict.fromkeys(filter(None, map(unnamed, [erratum.reason, *told])))),
            "correction": {"headline": erratum.headline, "text": erratum.text} if erratum.text else None,
            "models": asdict(insight.provenance),
        }


def unnamed(reason: str) -> str:
    """Without the mentions and addresses in it."""
    return _NAMED.sub("…", reason)
