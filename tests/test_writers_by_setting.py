"""The larger model as a setting: the program built with it writes through the gate, and falls back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Settings
from bot.errors import ConfigError
from bot.prompts import Decoding
from bot.wiring import Earmark
from bot.write.hub import HubDrafter
from tests.chat_server import ChatServer, answer
from tests.test_distill import tiny
from tests.test_write_generate import EPISODE, FALSE, GOOD, PASSAGE, SAID, reading


def program(tmp_path: Path, **settings: object) -> Earmark:
    made = Settings(_env_file=None, data_dir=tmp_path, cache_dir=tmp_path, **settings)  # type: ignore[arg-type]
    return Earmark(made, progress=lambda *_: None)


def test_an_endpoint_writes_and_provenance_names_its_model(tmp_path: Path) -> None:
    with ChatServer(answer(GOOD, 150)) as server:
        earmark = program(
            tmp_path, writer="endpoint", llm_url=server.url, llm_model="qwen3:4b", llm_key="k3y", candidates=2
        )
        made = earmark.writer.write(PASSAGE, reading(*SAID), EPISODE)
    assert made is not None and made.headline in GOOD
    assert (made.provenance.writer, made.provenance.tokens) == ("qwen3:4b", 300)
    assert len(made.provenance.prompt) == 8
    assert "k3y" not in repr(earmark.settings)


def test_where_the_gate_stops_it_the_extractive_writer_writes(tmp_path: Path) -> None:
    with ChatServer(answer(FALSE)) as server:
        earmark = program(tmp_path, writer="endpoint", llm_url=server.url, llm_model="m")
        made = earmark.writer.write(PASSAGE, reading(*SAID), EPISODE)
    assert made is not None and made.provenance.writer.startswith("extractive")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="EARMARK_LLM_MODEL"):
        _ = program(tmp_path, writer="endpoint", llm_url="http://localhost/v1").writer
    with pytest.raises(ConfigError, match="EARMARK_LLM_URL"):
        _ = program(tmp_path, writer="endpoint", llm_model="m").writer


def test_a_local_model_draws_as_it_was_tuned(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = tiny(tmp_path / "small")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    tokenizer.save_pretrained(folder)
    likeliest, usual = Decoding(temperature=0, top_p=1), Decoding(temperature=5.0, top_p=1)
    greedy, warm = (HubDrafter(str(folder), decoding=d, threads=1) for d in (likeliest, usual))
    assert len(greedy.draw("w1 w2", 4)) == 1, "of the likeliest answer there is one"
    assert greedy.draw("w1 w2", 4) == greedy.draw("w1 w2", 1)
    assert len({d.text for d in warm.draw("w1 w2", 4)}) > 1
