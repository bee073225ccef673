"""Who made a sentence, a line a step: from the table of models, and nothing is invented of an unknown one."""

from __future__ import annotations

from bot.domain import Provenance
from bot.lineage import lines
from bot.prompts import named, prompt
from bot.read.reader import CUES_ALONE
from bot.training.reader_net import NAME as READER
from bot.write.extractive import NAME as WRITER
from bot.write.gen_input import VARIABLES

SHIPPED = Provenance(transcript="speech (faster-whisper tiny.en int8)", reader=READER, writer=WRITER)


def test_each_step_that_ships_is_told_with_its_teacher_and_figures_once() -> None:
    heard, read, written = lines([SHIPPED, SHIPPED])
    assert heard.startswith(
        "Transcript: speech (faster-whisper tiny.en int8): Whisper tiny.en as published, int8"
    )
    assert read.startswith(f"Read by {READER}: ") and "98 episodes" in read and "4.7 of the same five" in read
    assert written.startswith(f"Written by {WRITER}: rules")


def test_of_a_model_that_is_not_in_the_table_only_its_name_is_told() -> None:
    unknown = Provenance(transcript="publisher (vtt)", reader=CUES_ALONE, writer="qwen3:4b")
    assert lines([unknown]) == ["Transcript: publisher (vtt)", f"Read by {CUES_ALONE}", "Written by qwen3:4b"]
    assert lines([Provenance()]) == []


def test_a_prompt_is_named_by_its_file_as_long_as_its_text_is_the_same() -> None:
    asked = prompt("write", "SmolLM2-135M-Instruct", VARIABLES)
    (line,) = lines([Provenance(writer="SmolLM2-135M-Instruct", prompt=asked.hash)])
    assert "135 M parameters" in line and line.endswith(f"; prompt write/smollm2.md ({asked.hash})")
    (gone,) = lines([Provenance(writer="W", prompt="00000000")])
    assert gone == "Written by W; prompt 00000000, whose text has changed since"
    assert named("write", "") == ""
