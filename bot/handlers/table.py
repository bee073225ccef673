"""The table of slash commands: what there is, what each is called, which handler it runs."""

from __future__ import annotations

from dataclasses import replace

from bot.calendar import WEEKDAYS
from bot.handlers import ask, dig, errata, hear, insights, podcasts, schedule, taste
from bot.request import Action, Command, Core, Handler, Option, Request
from bot.views import View, message


def usage(command: Command) -> str:
    """A line an action: how it is typed, and what it does."""
    return "\n".join(f"{_usage(command, action)} — {action.description}" for action in command.actions)


def _usage(command: Command, action: Action) -> str:
    options = (_option(option) for option in action.options)
    return " ".join(filter(None, (f"/{command.name}", action.name, *options)))


def _option(option: Option) -> str:
    name = f"{option.name}:…" if option.named else option.name.upper()
    return name if option.required else f"[{name}]"


def help_(core: Core, request: Request) -> View:
    wanted = request.get("command").removeprefix("/").lower()
    if wanted in COMMANDS:
        return message(usage(COMMANDS[wanted]))
    lines = [f"/{command.name} — {command.description}" for command in COMMANDS.values()]
    lines.append("In the thread of a post, just ask: by number (“why 3?”) or about what you read.")
    lines.append("/help COMMAND tells more of one.")
    return message("\n".join(lines))


def _setting(name: str, description: str, hint: str, *choices: str, needed: bool = True) -> Action:
    value = Option(name="value", description=hint, choices=choices, required=needed)
    handler = schedule.changer(schedule.CHANGES[name])
    handler = schedule.needed(name, hint, handler) if needed else handler
    return Action(name=name, description=description, handler=handler, options=(value,), changes=True)


def _one(
    name: str, description: str, handler: Handler, *options: Option, cost: int = 0, slow: str = ""
) -> Command:
    action = Action(description=description, handler=handler, options=options, cost=cost, slow=slow)
    return Command(name=name, description=description, actions=(action,))


_NUMBER = Option(
    name="number",
    description="its number in the post",
    kind="number",
    required=True,
    most=10,
    complete=insights.complete_number,
)
_PAGE = Option(name="page", description="which page", kind="number")
_SHOW = Option(name="show", description="only this show or episode", named=True, complete=ask.complete_show)
_FOLLOWED = Option(
    name="podcast", description="name or number", required=True, complete=podcasts.complete_podcast
)
_PODCASTS = (
    Action(
        name="list",
        description="what this channel follows",
        handler=podcasts.list_,
        options=(_PAGE,),
    ),
    Action(
        name="search",
        description="find a podcast by its name",
        handler=podcasts.search,
        options=(Option(name="name", description="its name, or a part of it", required=True),),
        cost=1,
    ),
    Action(
        name="add",
        description="follow a podcast",
        handler=podcasts.add,
        options=(Option(name="podcast", description="address, web page or name"),),
        changes=True,
        cost=1,
        form=podcasts.add_form,
    ),
    Action(
        name="import",
        description="follow all podcasts of an OPML list",
        handler=podcasts.import_,
        options=(Option(name="sources", description="the address of the list"),),
        changes=True,
        cost=5,  # a list of up to hundreds of feeds, each of them read
        form=podcasts.import_form,
    ),
    Action(
        name="check",
        description="ask a podcast again now, one that was given up too",
        handler=podcasts.check,
        options=(_FOLLOWED,),
        changes=True,
        cost=1,
    ),
    Action(
        name="remove",
        description="stop following a podcast",
        handler=podcasts.remove,
        options=(_FOLLOWED,),
        changes=True,
    ),
)
_CASE = Option(
    name="number", description="its number in /errata", kind="number", required=True, most=2**31 - 1
)
_WHY = Option(name="reason", description="what is wrong with it; others will read this")
_ERRATA = (
    Action(
        name="list",
        description="what is held to be wrong here, and waits for a decision",
        handler=errata.errata,
        options=(_PAGE,),
    ),
    Action(
        name="withdraw",
        description="cross the insight out in its post",
        handler=errata.withdraw,
        options=(_CASE, _WHY),
        changes=True,
    ),
    Action(
        name="correct",
        description="put other words in its place, as this channel's",
        handler=errata.correct,
        options=(
            _CASE,
            Option(name="headline", description="the claim, 12 words at most", named=True),
            Option(name="text", description="35 to 65 words"),
        ),
        changes=True,
        completion=errata.correct_form,
    ),
    Action(
        name="dismiss",
        description="let it stand",
        handler=errata.dismiss,
        options=(_CASE, replace(_WHY, description="why it is right; nobody else reads this")),
        changes=True,
    ),
)
_WRONG = Action(
    description="say that an insight is wrong",
    handler=errata.wrong,
    options=(
        _NUMBER,
        Option(name="post", description="which post, if not the latest", named=True),
        _WHY,
    ),
    completion=errata.wrong_form,
)
_DIGEST = (
    Action(name="show", description="the schedule and settings of this channel", handler=schedule.show),
    Action(
        name="edit",
        description="change the schedule in a form",
        handler=schedule.edit,
        changes=True,
        form=schedule.edit_form,
    ),
    _setting("time", "when the post comes", "local time, like 08:30"),
    _setting("timezone", "the time zone of that time", "like Europe/Berlin"),
    _setting("days", "on which days", f"daily, weekdays, or some of {','.join(WEEKDAYS)}"),
    _setting("count", "how many insights a post holds", "1 to 10"),
    _setting("prefer", "topics that come first", "with commas between; none for none", needed=False),
    _setting("mute", "topics that are left out", "with commas between; none for none", needed=False),
    _setting("quiet", "a line on days with nothing worth a post", "on or off", "on", "off"),
    _setting(
        "threads",
        "which messages in threads are answered",
        "auto, all or mentions",
        "auto",
        "all",
        "mentions",
    ),
    _setting("clips", "whether people can hear what was said", "on or off", "on", "off"),
    _setting("admins", "whether only admins change settings", "on or off", "on", "off"),
    Action(
        name="pause",
        description="no posts until /digest resume",
        handler=schedule.changer(schedule.CHANGES["pause"]),
        changes=True,
    ),
    Action(
        name="resume",
        description="post again",
        handler=schedule.changer(schedule.CHANGES["resume"]),
        changes=True,
    ),
    Action(name="preview", description="what would be posted now", handler=schedule.preview),
    Action(name="why", description="why is there nothing?", handler=schedule.why),
    Action(name="taste", description="what ratings have taught", handler=taste.show),
    Action(
        name="forget",
        description="forget what ratings have taught",
        handler=taste.forget,
        options=(Option(name="what", description="taste", choices=("taste",), required=True),),
        changes=True,
    ),
)

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        _one(
            "insights",
            "the latest insights; or those of a day, a show, a topic",
            insights.insights,
            Option(
                name="when",
                description="today, 2026-11-24, a show or a topic",
                complete=insights.complete_when,
            ),
        ),
        _one(
            "dig", "what was said around an insight, and what else was said of it", dig.dig, _NUMBER, cost=1
        ),
        _one(
            "hear",
            "hear it said: the audio around an insight's quote",
            hear.hear,
            _NUMBER,
            cost=5,
            slow=hear.CUTTING,
        ),
        _one(
            "ask",
            "ask the podcasts of this channel",
            ask.ask,
            Option(name="question", description="your question", required=True),
            _SHOW,
            cost=1,
        ),
        Command(
            name="podcasts",
            description="list, find, add, check or remove what is followed",
            actions=_PODCASTS,
        ),
        Command(name="digest", description="when and how this channel gets its post", actions=_DIGEST),
        _one(
            "rate",
            "say whether an insight was useful",
            insights.rate,
            _NUMBER,
            Option(name="verdict", description="was it?", choices=tuple(insights.VERDICTS), required=True),
        ),
        _one("why", "why an insight is in the post", taste.why, _NUMBER),
        Command(name="wrong", description="say that an insight is wrong", actions=(_WRONG,)),
        Command(name="errata", description="decide what is done about wrong insights", actions=_ERRATA),
        _one("help", "this list", help_, Option(name="command", description="tell more of this one")),
    )
}
