"""Real audio through the real model: every file gives its words, or says clearly why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import config
from bot.audio import AudioFiles, decode
from bot.domain import Transcript
from bot.errors import AudioError, EarmarkError, ModelError
from bot.malloc import keep_large_blocks
from bot.transcribe.faster import FasterWhisperTranscriber
from bot.transcribe.gate import cut_loops
from bot.transcribe.whisper import OpenAIWhisperTranscriber
from bot.weights import Weights

pytestmark = [
    pytest.mark.model,
    pytest.mark.data,
    # openai-whisper leaves files of its own to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*whisper:pytest.PytestUnraisableExceptionWarning"),
]

LONG = "long_english_mix.mp3"  # 12 minutes: bench/asr.py
ALIKE = ("ami_trn", "phone_en", "phone_es", "phone_fr")  # many of a kind: the first two of each are heard
NO_SPEECH = {
    "silence_3s.mp3",
    "silence_2s.wav",
    "music_only_morning_coffee.wav",
    "mutagen_silence-44-s.mp3",
    "mutagen_lame-peak.mp3",
    "chapters_auphonic.mp3",
    "chapters_auphonic.m4a",
    "chapters_ffmpeg-txxx-comment.mp3",
}
NOT_AUDIO = {"corrupt_bad.wav", "corrupt_null.wav", "lfs_pointer_not_audio.mp3", "mutagen_emptyfile.mp3"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transcribe")


@pytest.fixture(scope="module")
def weights() -> Weights:
    """In the program's own cache: 70 MB are not pulled for every run."""
    return Weights(config.load().cache_dir / "weights")


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> dict[str, dict[str, Any]]:
    lines = (data_dir / "audio" / "manifest.jsonl").read_text().splitlines()
    known = {row["file"]: row for row in map(json.loads, lines)}
    more = {name for kind in ALIKE for name in sorted(n for n in known if n.startswith(kind))[2:]}
    return {name: row for name, row in known.items() if name not in more}


@pytest.fixture(scope="module")
def outcomes(
    data_dir: Path, folder: Path, weights: Weights, rows: Mapping[str, Any]
) -> dict[str, Transcript | EarmarkError]:
    """Each file through one transcriber, one after the other; anything but our own errors fails the test."""
    keep_large_blocks()  # as the program does
    files = AudioFiles(None, folder)  # type: ignore[arg-type]
    transcriber = FasterWhisperTranscriber(files, weights, checkpoints=folder, threads=2)
    found: dict[str, Transcript | EarmarkError] = {}
    for name in rows:
        if name != LONG:
            try:
                found[name] = transcriber.transcribe_file(data_dir / "audio" / name)
            except EarmarkError as error:
                found[name] = error
    return found


def of(outcomes: Mapping[str, Transcript | EarmarkError], name: str) -> Transcript:
    outcome = outcomes[name]
    assert isinstance(outcome, Transcript), f"{name}: {outcome}"
    return outcome


def test_only_what_is_no_audio_is_refused_and_stops_nothing(
    outcomes: Mapping[str, Transcript | EarmarkError], rows: Mapping[str, Any]
) -> None:
    refused = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, EarmarkError)}
    assert set(refused) == NOT_AUDIO and len(outcomes) == len(rows) - 1
    for name, error in refused.items():
        assert isinstance(error, AudioError) and str(error).startswith(name)


def test_silence_and_music_give_no_invented_text(outcomes: Mapping[str, Transcript | EarmarkError]) -> None:
    for name in NO_SPEECH:
        transcript = of(outcomes, name)
        assert not transcript.segments and not transcript.usable and transcript.warnings, name
    speech = of(outcomes, "composite_2min_chapters_music_silence.mp3").segments
    assert not [
        s for s in speech if (s.end or 0) < 11.5 or 122 < (s.start or 0) < 130 or (s.start or 0) > 148
    ]


def test_other_languages_are_not_posted_as_english(
    outcomes: Mapping[str, Transcript | EarmarkError], rows: Mapping[str, Any]
) -> None:
    foreign = [name for name, row in rows.items() if row["language"] in ("fr", "es", "de", "ja")]
    assert len(foreign) == 9
    assert not [name for name in foreign if of(outcomes, name).usable]
    assert all(of(outcomes, name).warnings for name in foreign)


def test_of_two_languages_the_english_half_is_kept(outcomes: Mapping[str, Transcript | EarmarkError]) -> None:
    transcript = of(outcomes, "multilingual_en_de.mp3")
    assert "Permission is hereby granted" in transcript.text
    assert max(segment.end or 0 for segment in transcript.segments) < 31
    assert any("not English" in warning for warning in transcript.warnings)


def test_nothing_loops_and_times_are_in_order(
    outcomes: Mapping[str, Transcript | EarmarkError], rows: Mapping[str, Any]
) -> None:
    for name, outcome in outcomes.items():
        if isinstance(outcome, Transcript):
            assert cut_loops(outcome.text) == outcome.text, name
            starts = [segment.start or 0.0 for segment in outcome.segments]
            assert starts == sorted(starts), name
            assert all(0 <= (s.start or 0) <= (s.end or 0) for s in outcome.segments), name
            assert max(starts, default=0) <= rows[name]["duration_s"], name


def test_clear_english_is_usable(
    outcomes: Mapping[str, Transcript | EarmarkError], rows: Mapping[str, Any]
) -> None:
    names = [name for name in rows if name.startswith(("jfk", "sonnet", "austen", "phone_en", "bitrot"))]
    assert len(names) == 11
    assert not [name for name in names if not of(outcomes, name).usable]


def words(data_dir: Path, name: str) -> str:
    return (data_dir / "audio" / f"{name}.ref.txt").read_text()


def test_the_words_are_those_of_the_human_references(
    data_dir: Path, outcomes: Mapping[str, Transcript | EarmarkError], rows: Mapping[str, Any]
) -> None:
    import jiwer
    from whisper.normalizers import EnglishTextNormalizer

    plain = EnglishTextNormalizer()
    human = [
        name
        for name, row in rows.items()
        if row["language"] == "en" and "HUMAN" in (row["reference_kind"] or "")
    ]
    assert len(human) == 10
    said = [plain(words(data_dir, name)) for name in human]
    heard = [plain(of(outcomes, name).text) for name in human]
    each = {name: jiwer.wer(a, b) for name, a, b in zip(human, said, heard, strict=True)}
    assert jiwer.wer(said, heard) < 0.15 and max(each.values()) < 0.3, each


def test_the_reference_engine_hears_the_same(
    data_dir: Path, folder: Path, weights: Weights, outcomes: Mapping[str, Transcript | EarmarkError]
) -> None:
    files = AudioFiles(None, folder)  # type: ignore[arg-type]
    transcriber = OpenAIWhisperTranscriber(files, weights, checkpoints=folder, threads=1, word_times=True)
    transcript = transcriber.transcribe_file(data_dir / "audio" / "jfk_en.mp3", "en")
    assert transcript.model == "openai-whisper tiny.en" and transcript.usable
    plain = [word.strip(",.").lower() for word in transcript.text.split()]
    assert plain == [word.strip(",.").lower() for word in of(outcomes, "jfk_en.mp3").text.split()]
    timed = [word for segment in transcript.segments for word in segment.words]
    country = next(word for word in timed if word.text.startswith("country"))
    assert len(timed) == 22 and country.start == pytest.approx(5.6, abs=1.0)


def test_word_times_are_where_the_words_are(data_dir: Path, folder: Path, weights: Weights) -> None:
    files = AudioFiles(None, folder)  # type: ignore[arg-type]
    transcriber = FasterWhisperTranscriber(files, weights, checkpoints=folder, threads=2, word_times=True)
    transcript = transcriber.transcribe_file(data_dir / "audio" / "jfk_en.flac")
    timed = [word for segment in transcript.segments for word in segment.words]
    assert " ".join(word.text for word in timed) == transcript.text
    sound = decode(data_dir / "audio" / "jfk_en.flac")
    ask = next(word for word in timed if word.text.lower().startswith("ask"))
    loud = abs(sound[round(ask.start * 16000) : round(ask.end * 16000)]).mean()
    assert loud > 2 * abs(sound[round(2.6 * 16000) : round(3.2 * 16000)]).mean()  # a pause before it


@pytest.mark.parametrize("engine", [FasterWhisperTranscriber, OpenAIWhisperTranscriber])
@pytest.mark.parametrize("model", ["no-such-model", "/no/such/path"])
def test_an_unknown_model_is_said(
    data_dir: Path, folder: Path, weights: Weights, engine: Any, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    files = AudioFiles(None, folder)  # type: ignore[arg-type]
    transcriber = engine(files, weights, checkpoints=folder, model=model, threads=1)
    with pytest.raises(ModelError, match=model):
        transcriber.transcribe_file(data_dir / "audio" / "jfk_en.mp3")
