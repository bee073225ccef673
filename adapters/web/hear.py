"""Clips on pages: which quotes can be heard there, and the audio file of one of them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from adapters.web.links import is_private
from bot import digest
from bot.domain import Digest, Episode, Pick
from bot.errors import AudioError, FetchError
from bot.request import Core

COST = 5  # as /hear; what has been cut once costs nothing
EVERYBODY = "pages"  # who reads a page isn't known: all share one bucket, and each quote has its own


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """Only quotes of pages that somebody has the link of: no proxy for whatever audio."""

    core: Core

    def of_digest(self, made: Digest) -> dict[int, Pick]:
        """By the insight's id; none where its channel does without clips."""
        if not self.core.store.channel(made.channel_id).clips:
            return {}
        return {pick.insight.id: pick for pick in made.picks if self._may(pick)}

    def of_episode(self, episode: Episode) -> dict[int, Pick]:
        """By the insight's id; none where every channel that follows the show does without clips."""
        store = self.core.store
        followers = (one.channel_id for one in store.subscriptions() if one.feed_id == episode.feed_id)
        if not any(store.channel(id_).clips for id_ in followers):
            return {}
        insights = store.insights(episode.id)
        errata = store.errata([insight.id for insight in insights])
        picks = (Pick(insight=i, episode=episode, erratum=errata.get(i.id)) for i in insights)
        return {pick.insight.id: pick for pick in picks if self._may(pick)}

    def _may(self, pick: Pick) -> bool:
        """A private show's audio is for its members, whoever else may have the link."""
        if not digest.audible(pick) or digest.is_withdrawn(pick):
            return False
        return not is_private(self.core.store.feed(pick.episode.feed_id), pick.episode)

    def file(self, pick: Pick) -> FileResponse:
        """Cut now unless it is kept, which may take a minute. HTTPException says why it can't be had."""
        clips = self.core.clips
        assert clips is not None, "Hearing is made only where clips are switched on"
        clip = clips.kept(pick)
        if clip is None:
            refused = self.core.limits.take("web", EVERYBODY, f"insight {pick.insight.id}", COST)
            if refused:
                raise HTTPException(429, refused.text)
            reading = self.core.store.reading(pick.episode.id)
            try:
                clip = clips.clip(pick, reading.sentences if reading else ())
            except (AudioError, FetchError) as error:
                raise HTTPException(503, f"This quote can't be played now. {error}") from error
        name = f'inline; filename="{digest.clip_name(pick)}"'
        return FileResponse(clip.path, media_type="audio/mpeg", headers={"Content-Disposition": name})
