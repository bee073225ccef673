"""The Home tab: what a person's channels follow, when they get their post, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.desk import Desk
from adapters.slack.render import Json, fits, laid_out
from bot import commands
from bot.domain import Channel
from bot.request import Core
from bot.views import Heading, Part, Text, View, message

CHANNELS, DIGESTS, PAGES = 12, 3, 5
OPEN = "home"  # the action_id of the Home tab's buttons; their value is CHANNEL LINE
WELCOME = (
    "Earmark reads the podcasts your team has no time to hear, and posts the five insights worth knowing. "
    "Invite it to a channel (/invite @Earmark), then say there: /podcasts add and an address or a name."
)


async def published(desk: Desk, client: AsyncWebClient, team: str, user: str) -> None:
    """Shows a person the Home tab as it is now."""
    mine = await _channels_of(client, user)
    blocks = await desk.ask(home, team, user, mine)
    await client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})


async def _channels_of(client: AsyncWebClient, user: str) -> frozenset[str]:
    """The conversations that a person is in, as far as the bot may see them; nothing of others is shown."""
    found: set[str] = set()
    cursor = ""
    for _ in range(PAGES):
        try:
            page = await client.users_conversations(
                user=user, types="public_channel,private_channel", limit=200, cursor=cursor
            )
        except SlackApiError:
            break
        found |= {str(channel["id"]) for channel in page["channels"]}
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return frozenset(found)


def home(core: Core, team: str, user: str, mine: Collection[str]) -> list[Json]:
    """The blocks of the Home tab: the channels of this workspace that the person is in."""
    channels = [
        channel
        for channel in core.store.channels()
        if (channel.platform, channel.workspace) == ("slack", team) and channel.name in mine
    ]
    blocks = laid_out(message(WELCOME))
    for number, channel in enumerate(channels[:CHANNELS]):
        more = [{"type": "divider"}, *_of_channel(core, channel, number)]
        if not fits([*blocks, *more]):
            break
        blocks += more
    return blocks


def _of_channel(core: Core, channel: Channel, number: int) -> list[Json]:
    shown = View(parts=tuple(_parts(core, channel)))
    lines = {
        "Edit the schedule": "/digest edit",
        "Add a podcast": "/podcasts add",
        "Why is there nothing?": "/digest why",
    }
    buttons = [
        {
            "type": "button",
            "action_id": f"{OPEN}.{n}",
            "text": {"type": "plain_text", "text": label, "emoji": False},
            "value": f"{channel.name} {line}",
        }
        for n, (label, line) in enumerate(lines.items())
    ]
    return [*laid_out(shown), {"type": "actions", "block_id": f"home.{number}", "elements": buttons}]


def _parts(core: Core, channel: Channel) -> Sequence[Part]:
    follows = commands.run(core, channel, "/podcasts list").parts
    schedule = commands.run(core, channel, "/digest show").parts
    last = [
        f"{made.local_date}: " + "; ".join(pick.insight.headline for pick in made.picks[:3])
        for made in core.store.digests(channel.id, DIGESTS)
    ]
    texts = [part for part in (*schedule, *follows) if isinstance(part, Text)]
    posts = [Text(text="Last posts:\n" + "\n".join(last), quiet=True)] if last else []
    return [Heading(text=f"#{channel.title or channel.name}"), *texts, *posts]
