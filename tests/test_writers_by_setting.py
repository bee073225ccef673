"""The larger model as a setting: the program built with it writes through the gate, and falls back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Settings
from bot.errors import ConfigError
from bot.wiring import Earmark
from tests.chat_server import ChatServer, answer
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
