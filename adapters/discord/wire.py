"""How Discord is reached: base addresses, REST without a gateway, permissions, and its errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.errors import ConfigError, PublishError, Unreachable
from bot.ports import Host

VIEW, SEND = "view_channel", "send_messages"
NEEDED = (VIEW, SEND, "embed_links")
USEFUL = ("read_message_history", "create_public_threads", "send_messages_in_threads", "attach_files")
LABELS = {
    VIEW: "View Channel",
    SEND: "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
}
PERMISSIONS = discord.Permissions(**dict.fromkeys((*NEEDED, *USEFUL), True))
NO_TOKEN = "DISCORD_TOKEN is not set. docs/discord.md tells in five minutes where to get it."
REFUSED = (
    "Discord refuses DISCORD_TOKEN. Get a new one (discord.com/developers, your application, Bot, Reset "
    "Token), set it, and start again."
)
LONGEST_WAIT_S = 2.0  # longer waits for a rate limit are for the scheduler
NETWORK = (aiohttp.ClientError, OSError, asyncio.TimeoutError)


def point_at(host: Host) -> None:
    """Use other addresses than Discord's own, where the settings name them: a stand-in, or a proxy.

    DISCORD_API_URL goes up to the version (https://discord.com/api/v10). discord.py keeps both addresses as
    attributes of classes (http.Route.BASE, gateway.DiscordWebSocket.DEFAULT_GATEWAY).
    """
    # At each start discord.py would say that it can't do voice, which nobody wants of us.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if api := host.setting("DISCORD_API_URL"):
        Route.BASE = api.rstrip("/")
    if gateway := host.setting("DISCORD_GATEWAY_URL"):
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


def token_of(host: Host) -> str:
    token = host.setting("DISCORD_TOKEN")
    if not token:
        raise ConfigError(NO_TOKEN)
    return token


def wants_content(host: Host) -> bool:
    """Whether the privileged Message Content intent is to be asked for."""
    return host.setting("DISCORD_MESSAGE_CONTENT").lower() in ("on", "true", "1", "yes")


def invite(application_id: int) -> str:
    """The address that adds the bot to a server with all that it needs, and no more."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS.value}"
    )


@asynccontextmanager
async def rest(token: str) -> AsyncIterator[discord.Client]:
    """A client that is logged in and connects to no gateway."""
    client = discord.Client(intents=discord.Intents(guilds=True), max_messages=None)
    client.http.max_ratelimit_timeout = LONGEST_WAIT_S
    try:
        await client.login(token)
        yield client
    finally:
        await client.close()


@contextmanager
def in_words(where: str) -> Iterator[None]:
    """Discord's errors as PublishError (they may pass) or Unreachable (they won't), `where` named."""
    try:
        yield
    except (discord.HTTPException, discord.RateLimited, discord.LoginFailure, *NETWORK) as error:
        raise worded(error, where) from error


def worded(error: Exception, where: str) -> PublishError:
    if isinstance(error, discord.RateLimited):
        return PublishError(
            f"Discord asks to wait {error.retry_after:.0f} s.", retry_after_s=error.retry_after
        )
    if isinstance(error, discord.LoginFailure):
        return Unreachable(REFUSED)
    if isinstance(error, discord.HTTPException):
        return _of_answer(error, where)
    return PublishError(f"Discord can't be reached ({type(error).__name__}).")


def _of_answer(error: discord.HTTPException, where: str) -> PublishError:
    if error.status == 429:
        wait = _seconds(error.response.headers.get("Retry-After"))
        return PublishError("Discord asks to wait.", retry_after_s=wait)
    if error.status >= 500:
        return PublishError(f"Discord answers with an error of its own ({error.status}).")
    if error.status in WORDS:
        return Unreachable(WORDS[error.status](where))
    return PublishError(f"Discord doesn't take the post in {where} (error {error.status}, {error.code}).")


def forbidden(where: str, lacks: Collection[str] = NEEDED) -> str:
    names = ", ".join(LABELS[name] for name in LABELS if name in lacks)
    return (
        f"Discord doesn't let the bot post in {where}. In the channel's settings, under Permissions, "
        f"allow it {names}; then /digest resume."
    )


WORDS: dict[int, Callable[[str], str]] = {
    401: lambda where: REFUSED,
    403: forbidden,
    404: lambda where: (
        f"Discord knows no {where} any more: it is gone, or the bot was put out of its server."
    ),
}


def _seconds(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


async def missing(client: discord.Client, channel: Any) -> set[str]:
    """Names of the permissions that the bot lacks in a channel of a server, computed from its roles.

    A channel that was fetched without a gateway knows none of its server's roles, so they are fetched too.
    """
    if getattr(channel, "guild", None) is None or client.user is None:
        return set()
    guild = await client.fetch_guild(channel.guild.id, with_counts=False)
    channel.guild = guild
    member = await guild.fetch_member(client.user.id)
    has = channel.permissions_for(member)
    return {name for name in LABELS if not getattr(has, name)}
