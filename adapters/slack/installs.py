"""Who has installed the app: each workspace's bot and its token, sealed; and OAuth states that work once."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets as randomness
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.ports import Secrets
from bot.ports.notes import NoteStore

PREFIX = "slack:bot:"
STATE_AGE = timedelta(minutes=10)  # as long as Slack's own consent page may take a person
log = logging.getLogger(__name__)


def bot_of(secrets: Secrets, team_id: str) -> Bot | None:
    """The bot that a workspace installed last. ConfigError: it was sealed with another key."""
    kept = secrets.load(PREFIX + team_id)
    return Bot(**json.loads(kept)) if kept else None


class SealedInstallations(AsyncInstallationStore):
    """Slack's installation store over our sealed secrets, one bot a workspace.

    An app that is installed for a whole organisation is kept under the organisation's id.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    @property
    def logger(self) -> logging.Logger:
        return log

    async def async_save(self, installation: Installation) -> None:
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Bot) -> None:
        # Times as ISO text, which Bot() takes back.
        text = json.dumps(bot.to_dict_for_copying(), default=datetime.isoformat)
        await asyncio.to_thread(self._secrets.save, PREFIX + _owner(bot.enterprise_id, bot.team_id), text)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        owner = _owner(enterprise_id, None if is_enterprise_install else team_id)
        return await asyncio.to_thread(bot_of, self._secrets, owner)

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Only the bot's: Earmark acts as nobody's user."""
        return None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await asyncio.to_thread(self._secrets.delete, PREFIX + _owner(enterprise_id, team_id))

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """A person's installation: there is none of it here, and the workspace's bot stays."""


def _owner(enterprise_id: str | None, team_id: str | None) -> str:
    return team_id or enterprise_id or ""


class OnceStates(AsyncOAuthStateStore):
    """OAuth states: unguessable, good for ten minutes and for one use."""

    def __init__(self, store: NoteStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return log

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        state = randomness.token_urlsafe(32)
        await asyncio.to_thread(self._store.first_time, _note(state), self._clock())
        return state

    async def async_consume(self, state: str) -> bool:
        return await asyncio.to_thread(self._store.take, _note(state), self._clock() - STATE_AGE)


def _note(state: str) -> str:
    return f"slack:oauth:{state}"
