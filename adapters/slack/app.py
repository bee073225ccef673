"""What Slack tells us and what is done about it: acknowledged at once, worked on, answered in words."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import forms, home
from adapters.slack.answers import Answers, in_thread
from adapters.slack.desk import Desk, Place
from adapters.slack.payloads import (
    Body,
    digest_of,
    is_written,
    line_of,
    name_of,
    place_of,
    place_of_command,
    typed,
    words_of,
)
from adapters.slack.render import REPLACE, RUN, SHARE
from bot import commands, threads
from bot.ports import Secrets
from bot.request import Core
from bot.threads import Said
from bot.views import View, message

log = logging.getLogger(__name__)

AT_ONCE_S = 0.8  # how long a form may be worked on before its modal says that it is being worked on
TITLE, WORKING = "Earmark", "Working on it …"
GREETING = (
    "Hello! I post the insights worth knowing from the podcasts that you follow here. Say /podcasts add and "
    "an address or a name to follow one; the post comes at {time} {timezone} (/digest edit changes that). "
    "/earmark help tells the rest."
)
FAILED = "Something went wrong here, and it has been noted. Please try again."


class Listener:
    """One method for each kind of thing that Slack tells."""

    def __init__(self, desk: Desk, answers: Answers, secrets: Secrets) -> None:
        self._desk = desk
        self._answers = answers
        self._secrets = secrets

    def register(self, app: AsyncApp) -> AsyncApp:
        app.command(re.compile(".*"))(self.on_command)
        app.action(re.compile(rf"^{RUN}\b|^{REPLACE}\b"))(self.on_button)
        app.action(re.compile(rf"^{SHARE}\b"))(self.on_share)
        app.action(re.compile(rf"^{home.OPEN}\b"))(self.on_home_button)
        app.action(re.compile(".*"))(_acknowledged)  # a link's button: there is nothing to do
        app.view(forms.FORM)(self.on_form)
        app.event("app_mention")(self.on_mention)
        app.event("message")(self.on_message)
        app.event("app_home_opened")(self.on_home)
        app.event("member_joined_channel")(self.on_joined)
        app.event("app_uninstalled")(self.on_uninstalled)
        app.event("tokens_revoked")(self.on_revoked)
        app.event(re.compile(".*"))(_ignored)  # what nobody listens to would come again and again
        app.error(self.on_error)
        return app

    async def on_command(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        line = line_of(str(body["command"]), str(body.get("text") or ""))
        if await self._desk.is_new("command", body["trigger_id"]):
            await self._do(client, body, place_of_command(body), line)

    async def on_button(self, ack: AsyncAck, body: Body, action: Body, client: AsyncWebClient) -> None:
        await ack()
        if not await self._is_new_press(body, action):
            return
        line, digest_id = str(action["value"]), digest_of(str(action["block_id"]))
        if body.get("view"):
            return await self._do_in_modal(client, body, line, digest_id)
        replaces = str(action["action_id"]).startswith(REPLACE)
        await self._do(client, body, place_of(body), line, digest_id, replace_=replaces)

    async def on_share(self, ack: AsyncAck, body: Body, action: Body, client: AsyncWebClient) -> None:
        await ack()
        if await self._is_new_press(body, action):
            view = await self._desk.run(client, place_of(body), action["value"])
            await self._answers.publicly(body["response_url"], view)

    async def on_home_button(self, ack: AsyncAck, body: Body, action: Body, client: AsyncWebClient) -> None:
        """A modal at once, since a trigger_id lives three seconds: a form, or what the answer then fills."""
        await ack()
        channel, _, line = str(action["value"]).partition(" ")
        place = replace(place_of(body), channel=channel, title="", home=True)
        if not await self._is_new_press(body, action):
            return
        form = await self._desk.form(client, place, line)
        first = forms.modal(form, place) if form else forms.answered(TITLE, message(WORKING), place)
        opened = await client.views_open(trigger_id=body["trigger_id"], view=first)
        if form is None:
            view = await self._desk.run(client, place, line)
            await client.views_update(view_id=opened["view"]["id"], view=forms.answered(TITLE, view, place))

    async def on_form(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The answer takes the modal's place; what takes longer is put there when it has come."""
        view = body["view"]
        place, line, options = forms.filled(view, body["user"]["id"])
        title = str(view["title"]["text"])
        work = asyncio.ensure_future(self._filled_in(client, body, place, line, options))
        done, _ = await asyncio.wait({work}, timeout=AT_ONCE_S)
        first = work.result() if done else message(WORKING)
        await ack(response_action="update", view=forms.answered(title, first, place))
        if not done:
            await client.views_update(view_id=view["id"], view=forms.answered(title, await work, place))
        if place.home:
            await home.published(self._desk, client, place.team, place.user)

    async def _filled_in(
        self, client: AsyncWebClient, body: Body, place: Place, line: str, options: dict[str, str]
    ) -> View:
        if not await self._desk.is_new("view", body["view"]["id"], str(body["view"].get("hash", ""))):
            return message("This has been done already.")
        return await self._desk.submit(client, place, line, options)

    async def on_mention(self, event: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        await self._on_words(event, client, context, mentioned=True)

    async def on_message(self, event: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """In the thread of a post; in a direct conversation everything is meant for us."""
        direct = event.get("channel_type") == "im"
        mine = f"<@{context.bot_user_id}>" in str(event.get("text") or "")
        if mine and not direct:
            return  # comes as app_mention too
        if event.get("thread_ts") or direct:
            await self._on_words(event, client, context, mentioned=mine or direct)

    async def _on_words(
        self, event: Body, client: AsyncWebClient, context: AsyncBoltContext, *, mentioned: bool
    ) -> None:
        if not is_written(event):
            return
        place = Place(team=str(context.team_id), channel=event["channel"], user=event["user"])
        thread = str(event.get("thread_ts") or "")
        digest_id = await self._digest_in(place, thread) if thread else None
        if not (digest_id or mentioned):  # another thread: nothing of it is kept, not even that it was there
            return
        if not await self._desk.is_new("message", place.team, place.channel, event["ts"]):
            return
        text, others = words_of(str(event.get("text") or ""), str(context.bot_user_id))
        if digest_id:
            said = Said(
                user=place.user,
                text=text,
                mentioned=mentioned,
                to_others=others,
                said_at=datetime.fromtimestamp(float(event["ts"]), UTC),
            )
            view = await self._heard(place, digest_id, said)
        else:
            view = await self._desk.run(client, place, typed(text))
        if view is not None:
            await in_thread(client, place.channel, thread or event["ts"], view)

    async def _digest_in(self, place: Place, thread: str) -> int | None:
        def found(core: Core) -> int | None:
            channel = core.store.find_channel("slack", place.team, place.channel)
            return core.store.digest_at(channel.id, thread) if channel else None

        return await self._desk.ask(found)

    async def _heard(self, place: Place, digest_id: int, said: Said) -> View | None:
        channel = await self._desk.channel(place)
        return await self._desk.ask(threads.heard, channel, digest_id, said)

    async def on_home(self, event: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        if event.get("tab") == "home":
            await home.published(self._desk, client, str(context.team_id), event["user"])

    async def on_joined(self, event: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """We were invited: what could not be posted before may be posted now."""
        if event.get("user") != context.bot_user_id:
            return
        place = Place(
            team=str(context.team_id),
            channel=event["channel"],
            user=str(event.get("inviter") or ""),
            title=await name_of(client, event["channel"]),
        )
        channel = await self._desk.channel(place)
        await self._desk.ask(lambda core: core.store.save_channel(replace(channel, trouble="")))
        if await self._desk.is_new("joined", place.team, place.channel, str(event.get("event_ts") or "")):
            words = GREETING.format(time=channel.post_time, timezone=channel.timezone)
            await in_thread(client, place.channel, "", message(words))

    async def on_uninstalled(self, context: AsyncBoltContext) -> None:
        """Nothing of a workspace that has gone is kept."""
        team = str(context.team_id)
        gone = await self._desk.ask(lambda core: core.store.forget_workspace("slack", team))
        await self._desk.ask(lambda core: self._secrets.delete(f"slack:bot:{team}"))
        log.warning("A workspace uninstalled Earmark; its %d channels were deleted.", gone)

    async def on_revoked(self, event: Body, context: AsyncBoltContext) -> None:
        """Only the bot's token counts: Earmark has no person's."""
        if (event.get("tokens") or {}).get("bot"):
            await self.on_uninstalled(context)

    async def _do(
        self,
        client: AsyncWebClient,
        body: Body,
        place: Place,
        line: str,
        digest_id: int = 0,
        *,
        replace_: bool = False,
    ) -> None:
        """Open the form that the line asks for, or run it and deliver what comes of it."""
        form = await self._desk.form(client, place, line)
        if form is not None:
            await client.views_open(trigger_id=body["trigger_id"], view=forms.modal(form, place))
            return
        if slow := commands.slow(line):
            await self._answers.privately(body["response_url"], message(slow))
        view = await self._desk.run(client, place, line, digest_id)
        post = await self._desk.post(view.digest_id)
        await self._answers.delivered(
            client, body["response_url"], place.channel, view, post, replace=replace_
        )

    async def _do_in_modal(self, client: AsyncWebClient, body: Body, line: str, digest_id: int) -> None:
        """A modal has no response_url and no thread: what comes of its buttons takes its place."""
        shown = body["view"]
        place, _ = forms.remembered(shown, body["user"]["id"])
        form = await self._desk.form(client, place, line)
        if form is not None:
            await client.views_push(trigger_id=body["trigger_id"], view=forms.modal(form, place))
            return
        view = await self._desk.run(client, place, line, digest_id)
        title = str(shown["title"]["text"])
        await client.views_update(view_id=shown["id"], view=forms.answered(title, view, place))
        if place.home:
            await home.published(self._desk, client, place.team, place.user)

    async def _is_new_press(self, body: Body, action: Body) -> bool:
        """A press is told by when it was made and by whom; its trigger_id may differ when it comes again."""
        pressed = str(action.get("action_ts") or body.get("trigger_id"))
        return await self._desk.is_new("press", body["user"]["id"], pressed, str(action["action_id"]))

    async def on_error(self, error: Exception, body: Body) -> None:
        """The person hears of it in words; the log gets where it was, and no word of what was said."""
        code = error.response.get("error") if isinstance(error, SlackApiError) else ""
        log.error("%s %s", type(error).__name__, code, exc_info=None if code else error)
        url = body.get("response_url") or ""
        if url:
            await self._answers.privately(url, message(FAILED))


async def _acknowledged(ack: AsyncAck) -> None:
    await ack()


async def _ignored() -> None:
    pass
