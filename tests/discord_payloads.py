"""The least that Discord's objects hold on the wire (docs.discord.com/developers), for the stand-in of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

APP, BOT, GUILD, ROOM, ALICE = "1001", "1001", "2001", "3001", "4001"
MANAGER = str(1 << 5)


def now() -> str:
    return datetime.now(UTC).isoformat()


def user(id_: str, name: str, *, bot: bool = False) -> Json:
    return {
        "id": id_,
        "username": name,
        "discriminator": "0",
        "avatar": None,
        "global_name": name,
        "bot": bot,
    }


EARMARK, PERSON = user(BOT, "Earmark", bot=True), user(ALICE, "alice")


def member(of: Json) -> Json:
    return {
        "user": of,
        "roles": [],
        "joined_at": now(),
        "deaf": False,
        "mute": False,
        "flags": 0,
        "avatar": None,
        "nick": None,
    }


def channel(id_: str = ROOM, *, kind: int = 0, denied: int = 0) -> Json:
    overwrites = [{"id": GUILD, "type": 0, "allow": "0", "deny": str(denied)}] if denied else []
    return {
        "id": id_,
        "type": kind,
        "guild_id": GUILD,
        "name": "general",
        "position": 0,
        "permission_overwrites": overwrites,
        "nsfw": False,
        "parent_id": None,
        "topic": None,
    }


def guild(channels: list[Json], everyone: int) -> Json:
    role = {
        "id": GUILD,
        "name": "@everyone",
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str(everyone),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
    return {
        "id": GUILD,
        "name": "Bakers",
        "owner_id": ALICE,
        "roles": [role],
        "channels": [c for c in channels if c["type"] != 11],
        "threads": [c for c in channels if c["type"] == 11],
        "members": [member(EARMARK)],
        "member_count": 2,
        "joined_at": now(),
        "emojis": [],
        "stickers": [],
        "features": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "large": False,
    }


def message(id_: str, channel_id: str, author: Json, body: Json, *, in_guild: bool = False) -> Json:
    made = {
        "id": id_,
        "channel_id": channel_id,
        "author": author,
        "content": body.get("content") or "",
        "timestamp": now(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [EARMARK] if f"<@{BOT}>" in str(body.get("content")) else [],
        "mention_roles": [],
        "attachments": [],
        "embeds": body.get("embeds") or [],
        "components": body.get("components") or [],
        "pinned": False,
        "type": 0,
        "flags": body.get("flags") or 0,
    }
    # Only events tell of the server and the author's membership.
    return made | ({"guild_id": GUILD, "member": member(author)} if in_guild else {})


def thread(id_: str, parent: str, name: str) -> Json:
    return {
        "id": id_,
        "type": 11,
        "guild_id": GUILD,
        "parent_id": parent,
        "owner_id": BOT,
        "name": name,
        "message_count": 0,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "flags": 0,
        "last_message_id": None,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 10080,
            "archive_timestamp": now(),
            "locked": False,
        },
    }


def application(*, flags: int) -> Json:
    return {
        "id": APP,
        "name": "Earmark",
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": PERSON,
        "team": None,
        "verify_key": "0" * 64,
        "flags": flags,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
    }


def interaction(id_: str, kind: int, data: Json, channel_of: Json, extra: Json | None = None) -> Json:
    return {
        "id": id_,
        "application_id": APP,
        "type": kind,
        "token": f"token-{id_}",
        "version": 1,
        "data": data,
        "guild_id": GUILD,
        "channel_id": channel_of["id"],
        "channel": channel_of,
        "member": member(PERSON) | {"permissions": MANAGER},
        "locale": "en-US",
        "guild_locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0,
        "attachment_size_limit": 10_000_000,
        "app_permissions": "0",
    } | (extra or {})


def command(name: str, options: Json) -> Json:
    """The data of "digest show" or "dig" with options."""
    first, _, sub = name.partition(" ")
    given = [
        {"name": key, "type": 4 if isinstance(value, int) else 3, "value": value}
        for key, value in options.items()
    ]
    nested = [{"name": sub, "type": 1, "options": given}] if sub else given
    return {"id": "1", "name": first, "type": 1, "options": nested}
