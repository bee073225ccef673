"""Sound decoded in a process of its own: the same samples, and a limit is worded and costs one attempt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot import audio
from bot.decoding import LIMITS, Sound
from bot.errors import AudioError, TranscriptError
from bot.transcribe.apart import TranscriptsApart
from bot.transcribe.published import parse
from tests.test_apart import unlimited
from tests.test_audio import write_wav
from tests.test_fuzz import TRANSCRIPTS


def test_the_same_samples_come_and_the_same_is_said(tmp_path: Path) -> None:
    path, sound = write_wav(tmp_path / "a.wav", 47.3, rate=44100, channels=2), Sound()
    assert sound.probe(path) == audio.probe(path)
    assert np.array_equal(sound.decode(path), audio.decode(path))
    assert [len(p) for p in sound.pieces(path, 20)] == [len(p) for p in audio.pieces(path, 20)]
    with pytest.raises(AudioError, match="longer than") as raised:
        sound.decode(path, max_s=30)
    assert raised.value.permanent and sound.process.pids == []
    path.write_bytes(b"<html>")
    with pytest.raises(AudioError, match="Talk is a web page"):
        sound.probe(path, "Talk")
    sound.process.close()


@unlimited
def test_a_limit_of_memory_costs_one_attempt(tmp_path: Path) -> None:
    sound = Sound(replace(LIMITS, memory_bytes=100_000_000))  # the libraries alone take more than that
    with pytest.raises(AudioError, match="One") as raised:
        sound.probe(write_wav(tmp_path / "a.wav", 1), "One")
    assert not raised.value.permanent


def test_transcripts_are_the_same_too() -> None:
    apart = TranscriptsApart()
    for body in TRANSCRIPTS:
        assert apart(body) == parse(body)
    with pytest.raises(TranscriptError, match="binary file"):
        apart(b"\0\1")
    apart.process.close()
