"""The frame around a speech engine and the gate after it, with a fake engine and made-up sound."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.audio import RATE, AudioFiles
from bot.domain import Episode, Transcript, Word
from bot.errors import ModelError
from bot.transcribe import voice
from bot.transcribe.gate import Heard, coverage, cut_loops, function_words, judge
from bot.transcribe.progress import Checkpoint, Stretch
from bot.transcribe.speech import Listener, sentences
from bot.transcribe.voice import clips, cut_at, windows
from bot.weights import Weights

ENGLISH = "This is what we think about the trees and why they are in the city."
SPANISH = "Marche el numero uno para grabar sussman sahes presion equatero ramas."


def heard(text: str = ENGLISH, start: float = 0.0, end: float = 10.0, **fields: Any) -> Heard:
    given = {"clip": (start, end), "avg_logprob": -0.3, "no_speech_prob": 0.05, **fields}
    return Heard(start=start, end=end, text=text, **given)


def texts(*pieces: Heard, speech: Sequence[tuple[float, float]] = ((0, 10),), **how: Any) -> list[str]:
    judged = judge(pieces, speech, **{"english_only": True, **how})
    return [segment.text for segment in judged.segments]


def test_clear_speech_passes_untouched() -> None:
    words = (Word(start=0, end=1, text="This"),)
    judged = judge([heard(words=words)], [(0, 10)], english_only=True)
    assert judged.usable and judged.warnings == ()
    assert judged.segments[0].words == words and judged.segments[0].text == ENGLISH


def test_no_speech_is_said() -> None:
    judged = judge([heard("Thank you.")], [], english_only=False)
    assert not judged.segments and not judged.usable and "No speech" in judged.warnings[0]


def test_text_beside_speech_or_on_noise_is_cut() -> None:
    noise = heard("Thank you very much.", 8, 10, avg_logprob=-1.2, no_speech_prob=0.7)
    beside = heard("You", 20, 22)
    judged = judge([heard(), noise, beside], [(0, 10)], english_only=True)
    assert [s.text for s in judged.segments] == [ENGLISH]
    assert judged.usable and "cut (2 times)" in judged.warnings[0]


def test_sure_words_in_a_noisy_clip_stay() -> None:
    assert texts(heard(no_speech_prob=0.9)) == [ENGLISH]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("so we we we we we we go", "so we go"),
        ("I see. I see. I see.", "I see. I see. I see."),
        ("and then it is, and then it is, and then it is, and then it is, done", "and then it is, done"),
        ("no loop at all", "no loop at all"),
        ("", ""),
    ],
)
def test_loops_are_said_once(text: str, cut: str) -> None:
    assert cut_loops(text) == cut


def test_the_same_text_again_and_again_is_cut_to_one() -> None:
    pieces = [heard("Yeah.", at, at + 1, clip=(0, 30)) for at in range(10)]
    said = heard(start=10, end=20, clip=(0, 30))
    judged = judge([*pieces, said], [(0, 20)], english_only=True)
    assert [s.text for s in judged.segments] == ["Yeah.", ENGLISH]
    assert "Repetitions" in judged.warnings[0] and "60%" in judged.warnings[1]


def test_a_clip_that_only_loops_is_left_out() -> None:
    loop = heard("I hope you enjoyed this video, and " * 20, 10, 20)
    judged = judge([heard(), loop], [(0, 20)], english_only=True)
    assert [s.text for s in judged.segments] == [ENGLISH]
    assert (
        judged.usable
        and "50% of the speech, from 0:10 on, was too unclear or not English" in judged.warnings[1]
    )


@pytest.mark.parametrize(
    ("text", "logprob", "kept"),
    [
        (SPANISH, -0.6, False),  # unsure, and hardly an English word in it
        (SPANISH, -0.3, True),  # sure: a list of names, say
        (ENGLISH, -0.75, True),  # English over a bad line
        (ENGLISH, -0.9, False),
        ("Of course.", -0.75, False),  # too short to tell, and not sure
    ],
)
def test_other_languages_are_left_out(text: str, logprob: float, kept: bool) -> None:
    more = heard(start=20, end=60)
    found = texts(heard(text, 0, 10, avg_logprob=logprob), more, speech=[(0, 10), (20, 60)])
    assert found == ([text] if kept else []) + [ENGLISH]


def test_an_episode_in_another_language_is_not_posted() -> None:
    judged = judge([heard(SPANISH, avg_logprob=-0.8)], [(0, 10)], english_only=True)
    assert not judged.usable and not judged.segments and "multilingual model" in judged.warnings[0]


def test_a_multilingual_model_is_not_asked_for_english() -> None:
    judged = judge([heard(SPANISH, avg_logprob=-0.7)], [(0, 10)], english_only=False)
    assert judged.usable and judged.segments[0].text == SPANISH


def test_a_handful_of_words_does_not_tell_the_language() -> None:
    judged = judge([heard("Hospital. President. Expansion.")], [(0, 10)], english_only=True)
    assert not judged.usable and "Too few words" in judged.warnings[0]


def test_too_little_understood_is_said_and_less_than_half_not_posted() -> None:
    some = judge([heard(end=7)], [(0, 10)], english_only=True)
    little = judge([heard(end=4)], [(0, 10)], english_only=True)
    assert some.usable and "Only 75%" in some.warnings[0]
    assert not little.usable and "Only 45%" in little.warnings[0]


def test_coverage_counts_overlapping_text_once() -> None:
    pieces = [heard(end=5), heard(start=1, end=5), heard(start=7, end=9)]
    assert coverage(pieces, [(0, 10)]) == pytest.approx(0.85)
    assert coverage([], [(0, 10)]) == 0


def test_function_words() -> None:
    assert function_words(ENGLISH) == pytest.approx(0.73, abs=0.1)
    assert (function_words(SPANISH) or 0) < 0.1
    assert function_words("Too short to tell") is None


def test_clips_join_neighbours_up_to_what_a_model_hears_at_once() -> None:
    spans = [(0.0, 10.0), (10.5, 20.0), (22.0, 25.0), (25.1, 52.0), (52.1, 60.0)]
    assert clips(spans) == ((0.0, 20.0), (22.0, 25.0), (25.1, 52.0), (52.1, 60.0))


def test_cuts_are_made_in_the_last_silence() -> None:
    assert cut_at([(0, 50), (60, 70), (71, 100)], 100) == 70.5
    assert cut_at([(0, 10), (20, 100)], 100) == 100  # the only silence is too early
    assert cut_at([], 100) == 100


def test_windows_lose_and_repeat_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "speech", lambda samples: ((0.5, len(samples) / RATE - 1.0),))
    sound = np.arange(100 * RATE, dtype=np.float32)
    pieces = [sound[at : at + 7 * RATE] for at in range(0, len(sound), 7 * RATE)]
    cut = list(windows(pieces, 20))
    assert len(cut) > 3 and all(window.end - window.start < 27 for window in cut)
    assert np.array_equal(np.concatenate([window.samples for window in cut]), sound)
    later = list(windows(pieces, 20, cut[0].end))
    assert [w.start for w in later] == pytest.approx([w.start for w in cut[1:]])
    assert np.array_equal(later[0].samples, cut[1].samples)


def test_sentences_end_at_full_stops_and_pauses() -> None:
    said = ["Mr.", "Lee", "is", "here.", "He", "is", "late", "again"]
    words = [Word(start=at, end=at + 0.9, text=f" {text}") for at, text in enumerate(said)]
    words[-1] = replace(words[-1], start=9, end=10)
    runs = ["".join(word.text for word in run).strip() for run in sentences(words)]
    assert runs == ["Mr. Lee is here.", "He is late", "again"]


def stretch(until: float, text: str = "Hi.") -> Stretch:
    words = (Word(start=1, end=2, text="Hi."),)
    return Stretch(
        start=until - 10, until=until, language="en", speech=((0, 1),), heard=(heard(text, words=words),)
    )


def test_checkpoints_come_back_as_they_were(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "new" / "a.jsonl")
    assert checkpoint.stretches() == []
    checkpoint.add(stretch(10))
    checkpoint.add(stretch(20, "Grüße“"))
    assert Checkpoint(tmp_path / "new" / "a.jsonl").stretches() == [stretch(10), stretch(20, "Grüße“")]


@pytest.mark.parametrize("torn", [b'{"until": 30, "lang', b'{"until": 30}\n', b"\xff\n", b"7\n"])
def test_a_torn_line_is_forgotten_and_written_over(tmp_path: Path, torn: bytes) -> None:
    checkpoint = Checkpoint(tmp_path / "a.jsonl")
    checkpoint.add(stretch(10))
    with open(tmp_path / "a.jsonl", "ab") as file:
        file.write(torn)
    assert checkpoint.stretches() == [stretch(10)]
    checkpoint.add(stretch(20))
    assert checkpoint.stretches() == [stretch(10), stretch(20)]


def test_a_stretch_that_two_workers_wrote_counts_once(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "a.jsonl")
    for until in (10, 10, 20, 20, 30):
        checkpoint.add(stretch(until))
    assert checkpoint.stretches() == [stretch(10), stretch(20), stretch(30)]


def test_what_does_not_join_on_is_heard_again(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "a.jsonl")
    for until in (10, 30, 40):
        checkpoint.add(stretch(until))
    assert checkpoint.stretches() == [stretch(10)]
    assert checkpoint.stretches() == [stretch(10)], "the rest is cut off"


class FakeEngine:
    """Says how many clips it has heard; `dies` is a power cut in that call."""

    name = "fake tiny.en"

    def __init__(self, *, multilingual: bool = False, dies: int = 0, at_once: int = 1) -> None:
        self.multilingual, self.dies, self.calls, self.languages = multilingual, dies, 0, []
        self.at_once = at_once

    def hear(
        self, samples: np.ndarray[Any, Any], clips: Sequence[tuple[float, float]], language: str
    ) -> tuple[list[Heard], str]:
        self.calls += 1
        self.languages.append(language)
        if self.calls == self.dies:
            raise KeyboardInterrupt
        pieces = [
            heard(f"{ENGLISH} {round(len(samples) / RATE)}", start, end, clip=(start, end))
            for start, end in clips
        ]
        return pieces, language or "en"


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hundred seconds in which a voice is "found" in all but the first and last of each window."""
    monkeypatch.setattr(voice, "speech", lambda samples: ((1.0, len(samples) / RATE - 1.0),))
    path = tmp_path / "episode.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.random.default_rng(0).integers(-900, 900, 800_000, np.int16).tobytes())
    return path


def listener(tmp_path: Path, engine: FakeEngine, **how: Any) -> Listener:
    files = AudioFiles(None, tmp_path / "audio")  # type: ignore[arg-type]
    return Listener(engine, files, tmp_path / "checkpoints", window_s=20, **how)


def plain(transcript: Transcript) -> Transcript:
    return replace(transcript, seconds_spent=0)


def test_a_file_becomes_a_transcript_in_windows(tmp_path: Path, recording: Path) -> None:
    seen: list[tuple[str, float, float]] = []
    engine = FakeEngine()
    transcript = listener(tmp_path, engine, progress=lambda *step: seen.append(step)).transcribe_file(
        recording
    )
    assert (transcript.source, transcript.model, transcript.language) == ("asr", "fake tiny.en", "en")
    assert transcript.usable and transcript.duration_s == 100
    starts = [segment.start or 0 for segment in transcript.segments]
    assert len(starts) == engine.calls >= 4 and starts == sorted(starts) and starts[-1] > 60
    assert [name for name, _, _ in seen] == ["episode.wav"] * (engine.calls + 1)
    assert seen[0] == ("episode.wav", 0, 100) and seen[-1] == ("episode.wav", 100, 100)


def test_a_transcript_that_was_lost_is_made_again_from_its_checkpoint(
    tmp_path: Path, recording: Path
) -> None:
    first = listener(tmp_path, FakeEngine()).transcribe_file(recording)
    engine = FakeEngine()
    assert plain(listener(tmp_path, engine).transcribe_file(recording)) == plain(first)
    assert engine.calls == 0


def test_a_killed_transcription_goes_on_where_it_was(tmp_path: Path, recording: Path) -> None:
    whole = listener(tmp_path / "elsewhere", FakeEngine()).transcribe_file(recording)
    with pytest.raises(KeyboardInterrupt):
        listener(tmp_path, FakeEngine(dies=3)).transcribe_file(recording)
    again = FakeEngine()
    transcript = listener(tmp_path, again).transcribe_file(recording)
    assert plain(transcript) == plain(whole)
    assert again.calls == len(whole.segments) - 2


def test_a_changed_file_is_heard_from_the_start(tmp_path: Path, recording: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        listener(tmp_path, FakeEngine(dies=3)).transcribe_file(recording)
    recording.write_bytes(recording.read_bytes()[:-2000])
    engine = FakeEngine()
    transcript = listener(tmp_path, engine).transcribe_file(recording)
    assert engine.calls == len(transcript.segments)


def test_the_language_that_was_heard_first_holds(tmp_path: Path, recording: Path) -> None:
    engine = FakeEngine(multilingual=True)
    listener(tmp_path, engine).transcribe_file(recording)
    assert engine.languages[0] == "" and set(engine.languages[1:]) == {"en"}


def test_windows_heard_side_by_side_stay_in_order(tmp_path: Path, recording: Path) -> None:
    """The first window ends last; all that may go on at once do."""
    meeting, places = threading.Barrier(3, timeout=20), itertools.count()

    class Slow(FakeEngine):
        def hear(self, samples: Any, clips: Any, language: str) -> tuple[list[Heard], str]:
            if (place := next(places)) < 3:
                meeting.wait()
                time.sleep(0.02 * (3 - place))
            return super().hear(samples, clips, language)

    one_by_one = listener(tmp_path / "a", FakeEngine()).transcribe_file(recording, "en")
    at_once = listener(tmp_path / "b", Slow(at_once=3)).transcribe_file(recording, "en")
    assert plain(at_once) == plain(one_by_one) and len(at_once.segments) >= 4


def test_the_same_audio_of_two_feeds_is_heard_once(tmp_path: Path, recording: Path) -> None:
    elsewhere = tmp_path / "another-name.mp3"
    elsewhere.write_bytes(recording.read_bytes())
    engine = FakeEngine()
    first = listener(tmp_path, engine).transcribe_file(recording)
    heard_so_far = engine.calls
    assert plain(listener(tmp_path, engine).transcribe_file(elsewhere)) == plain(first)
    assert engine.calls == heard_so_far


def test_a_device_that_is_not_there_is_said(tmp_path: Path) -> None:
    from bot.transcribe.faster import FasterWhisper

    engine = FasterWhisper(Weights(tmp_path), model="large-v3-turbo", threads=2, device="cuda")
    assert engine.name == "faster-whisper large-v3-turbo float16" and engine.at_once == 1
    with pytest.raises(ModelError, match="EARMARK_DEVICE is cuda, but no CUDA device"):
        engine.hear(np.zeros(16_000, np.float32), [(0.0, 1.0)], "en")


def test_an_english_only_model_refuses_other_languages(tmp_path: Path, recording: Path) -> None:
    engine = FakeEngine()
    with pytest.raises(ModelError, match="hears English only, and this is in “fr-FR”") as error:
        listener(tmp_path, engine).transcribe_file(recording, "fr-FR")
    assert error.value.permanent and engine.calls == 0
    with pytest.raises(ModelError):  # before anything is downloaded: there is no fetcher
        listener(tmp_path, engine).transcribe(Episode(title="One", language="de"))
    listener(tmp_path, engine).transcribe_file(recording, "en_GB")
    assert set(engine.languages) == {"en"}
    spoken = listener(tmp_path, FakeEngine(multilingual=True)).transcribe_file(recording, "fr-FR")
    assert spoken.language == "fr"


def test_words_are_kept_only_when_asked_for(tmp_path: Path, recording: Path) -> None:
    class WithWords(FakeEngine):
        def hear(self, *args: Any) -> tuple[list[Heard], str]:
            pieces, language = super().hear(*args)
            words = (Word(start=2.0, end=3.0, text="This"),)
            return [replace(piece, words=words) for piece in pieces], language

    without = listener(tmp_path, WithWords()).transcribe_file(recording)
    with_words = listener(tmp_path, WithWords(), word_times=True).transcribe_file(recording)
    assert not any(segment.words for segment in without.segments)
    starts = [segment.words[0].start - (segment.start or 0) for segment in with_words.segments]
    assert starts == pytest.approx([1.0] * len(starts))


def test_importing_the_engines_loads_no_model_library() -> None:
    code = (
        "import sys, bot.transcribe.faster, bot.transcribe.whisper, bot.transcribe.published;"
        "heavy = {'torch', 'whisper', 'faster_whisper', 'ctranslate2', 'av'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
