"""Any model that the settings can name, as what is asked in tuning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.errors import ConfigError
from bot.read.encoder import WeightFolders
from bot.training.base import smollm2
from bot.training.cousins import END, Ct2Cousin, tokenizer_of
from bot.training.tune_search import Draw, Trial
from bot.write.endpoint import EndpointDrafter
from bot.write.gen_input import TURN
from bot.write.hub import HubDrafter

_ON_THE_HUB = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, kw_only=True)
class Model:
    """`name` says how it runs, `family` is what its prompts are found by."""

    name: str
    family: str
    draw: Draw


def named(model: str, settings: Settings, weights: WeightFolders) -> Model:
    """ "endpoint", "smollm2", a folder, or "org/name" on the hub; ConfigError where it is none of these."""
    if model == "endpoint":
        return _endpoint(settings)
    folder = smollm2(weights) if model == "smollm2" else Path(model)
    if (folder / "config.json").is_file():
        return _by_ct2(folder) if _speaks_chatml(folder) else _by_hub(str(folder))
    if _ON_THE_HUB.fullmatch(model) and not folder.exists():
        return _by_hub(model, settings.writer_revision if model == settings.writer else "")
    raise ConfigError(
        f"{model} is no folder with a language model, nor a name on the hub (org/name); “smollm2” is the one"
        " we know, “endpoint” what EARMARK_LLM_URL and EARMARK_LLM_MODEL name."
    )


def _endpoint(settings: Settings) -> Model:
    url, name, key = settings.llm_url, settings.llm_model, settings.llm_key
    if not (url and name):
        raise ConfigError("EARMARK_LLM_URL and EARMARK_LLM_MODEL must say what to ask for where.")

    def draw(asked: str, n: int, trial: Trial) -> Sequence[str]:
        drafter = EndpointDrafter(url, name, key, decoding=trial.decoding)
        return [d.text for d in drafter.draw(asked, n)]

    return Model(name=f"{name} (endpoint)", family=name, draw=draw)


def _by_hub(model: str, revision: str = "") -> Model:
    drafter = HubDrafter(model, revision, threads=1)

    def draw(asked: str, n: int, trial: Trial) -> Sequence[str]:
        drafter.decoding = trial.decoding
        return [d.text for d in drafter.draw(asked, n)]

    return Model(name=drafter.name, family=drafter.name, draw=draw)


def _speaks_chatml(folder: Path) -> bool:
    tokenizer = tokenizer_of(folder)
    return tokenizer.convert_tokens_to_ids(END) not in (None, tokenizer.unk_token_id)


def _by_ct2(folder: Path) -> Model:
    model = Ct2Cousin(folder)
    return Model(name=model.name, family=folder.name, draw=drawing(model))


def drawing(model: Ct2Cousin) -> Draw:
    def draw(asked: str, n: int, trial: Trial) -> list[str]:
        ids = model.tokenizer(TURN.format(asked=asked), add_special_tokens=False)["input_ids"]
        warm: dict[str, Any] = (
            {"sampling_temperature": trial.temperature, "sampling_topp": trial.top_p, "sampling_topk": 0}
            if trial.temperature
            else {}
        )
        return [model.tokenizer.decode(i, skip_special_tokens=True) for i in model.drawn(ids, n, **warm)]

    return draw
