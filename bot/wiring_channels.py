"""Channels as they are met: found again, renamed where they are called otherwise now, made on first use."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.calendar import next_post_at
from bot.config import Settings
from bot.domain import Channel
from bot.ports import Store


def channel_at(
    store: Store, settings: Settings, now: datetime, place: tuple[str, str, str], title: str
) -> Channel:
    """The channel at a place (platform, workspace, name), with the settings' schedule where it is new."""
    found = store.find_channel(*place)
    if found is not None:
        renamed = title and title != found.title
        return store.save_channel(replace(found, title=title)) if renamed else found
    platform, workspace, name = place
    made = Channel(
        platform=platform,
        workspace=workspace,
        name=name,
        title=title,
        post_time=settings.post_time,
        timezone=settings.timezone,
        count=settings.count,
    )
    return store.save_channel(replace(made, next_post_at=next_post_at(made, now)))
