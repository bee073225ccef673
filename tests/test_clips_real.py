"""Clips with the real speech model: a bundled episode, an advertisement put in, and transcribed back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot import config
from bot.audio import AudioFiles
from bot.audio.excerpt import CLIP_RATE, stretch, write_mp3
from bot.clips.apart import Ears
from bot.clips.maker import Clips
from bot.domain import Clip, Enclosure, Episode, Insight, Pick, Sentence
from bot.errors import AudioError
from bot.weights import Weights
from tests.feed_server import FeedServer
from tests.test_clips import DEMO, fetcher_of, ranged

pytestmark = pytest.mark.model


def said() -> tuple[Sentence, ...]:
    rows = json.loads((DEMO / "bread.json").read_text("utf-8"))["segments"]
    return tuple(
        Sentence(start=row["startTime"], end=row["endTime"], speaker=row["speaker"], text=row["body"])
        for row in rows
    )


def clip(folder: Path, body: bytes, quote: str, start: float) -> Clip:
    with FeedServer({"/a.mp3": ranged(body)}) as server:
        fetcher = fetcher_of(server)
        weights = Weights(config.load().cache_dir / "weights")
        clips = Clips(
            AudioFiles(fetcher, folder / "audio"),
            fetcher,
            folder / "clips",
            ears=lambda: Ears(model=str(weights.folder("whisper-tiny.en")), threads=2),
        )
        episode = Episode(title="Bread", enclosure=Enclosure(url=server.url("/a.mp3")), language="en")
        insight = Insight(id=1, headline="h", text="t", quote=quote, start=start)
        return clips.clip(Pick(insight=insight, episode=episode), said())


def spliced(folder: Path) -> bytes:
    """45 seconds of another episode, put in after the first minute."""
    bread = stretch(DEMO / "bread.mp3", 0, 400, CLIP_RATE)
    ad = stretch(DEMO / "canopy.mp3", 100, 145, CLIP_RATE)
    cut = 60 * CLIP_RATE
    write_mp3(folder / "s.mp3", np.concatenate([bread[:cut], ad, bread[cut:]]), title="", artist="")
    return (folder / "s.mp3").read_bytes()


def test_a_quote_is_heard_in_its_clip_where_an_advertisement_has_moved_it(tmp_path: Path) -> None:
    (told,) = (s for s in said() if "gets more than a tenth" in s.text)
    assert told.start is not None
    made = clip(tmp_path, spliced(tmp_path), told.text, told.start)
    assert made.said_at == pytest.approx(told.start + 45, abs=3)
    assert 20 <= made.duration_s <= 60 and made.share >= 0.6
    assert told.text in made.text, "what stands beside it are the transcript's own words"


def test_what_is_not_in_the_audio_gives_no_clip(tmp_path: Path) -> None:
    quote = "From fairest creatures we desire increase, that thereby beauty's rose might never die."
    write_mp3(tmp_path / "s.mp3", stretch(DEMO / "bread.mp3", 0, 120, CLIP_RATE), title="", artist="")
    with pytest.raises(AudioError, match="aren't in the audio"):
        clip(tmp_path, (tmp_path / "s.mp3").read_bytes(), quote, 60.0)
    assert not list((tmp_path / "clips").glob("[!.]*"))
