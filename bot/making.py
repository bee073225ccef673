"""What engines make of one episode: the first transcript that can be had, and its insights."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.domain import Episode, Insight, Reading, Transcript
from bot.errors import EarmarkError, TranscriptError
from bot.ports import Transcriber, Writer

log = logging.getLogger(__name__)

PER_EPISODE = 10
# A small speech model mis-hears one word in ten: where two insights compete, what a publisher wrote is surer.
TRUST = {"publisher": 1.0, "asr": 0.85}


def first_transcript(transcribers: Sequence[Transcriber], episode: Episode) -> Transcript:
    """The first transcript that can be had, in the order given; else the last one's error."""
    for transcriber in transcribers[:-1]:
        try:
            return transcriber.transcribe(episode)
        except EarmarkError as error:
            log.info("%s: %s", episode.title, error)
    if not transcribers:
        raise TranscriptError("No way to transcribe is configured.")
    return transcribers[-1].transcribe(episode)


def write_all(
    writer: Writer, transcript: Transcript, reading: Reading, episode: Episode, limit: int = PER_EPISODE
) -> list[Insight]:
    """Up to `limit` insights, best passage first; passages that give nothing grounded, or what another has
    given, are passed over."""
    made: list[Insight] = []
    for passage in reading.passages:
        insight = writer.write(passage, reading, episode)
        if insight is not None and insight.headline not in (other.headline for other in made):
            made.append(with_source(insight, transcript, episode))
        if len(made) == limit:
            break
    return made


def with_source(insight: Insight, transcript: Transcript, episode: Episode) -> Insight:
    """The insight with its episode and transcript named, its score less where a model heard the words."""
    source = f"{'publisher' if transcript.source == 'publisher' else 'speech'} ({transcript.model})"
    return replace(
        insight,
        episode_id=episode.id,
        score=insight.score * TRUST[transcript.source],
        provenance=replace(insight.provenance, transcript=source),
    )
