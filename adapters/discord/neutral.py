"""Text of strangers made inert and short: no markdown, mention or link works in it, and no word is cut."""

from __future__ import annotations

import re

from adapters.discord.limits import units
from bot.inert import isolated, one_line, shortened, web_link

# A backslash before a sign that is neither letter nor digit makes it that sign and nothing else
# (support.discord.com, "Markdown Text 101"). "<" opens mentions, timestamps, emoji and slash commands.
_MARKUP = re.compile(
    r"""[\\*_~`|<\[\]]                 # bold, code, spoilers, masked links, <@1>, <t:1>, </ask:1>
    | ^[ \t]*(?:[>#+-]|\d+(?=[.)]))   # quotes, headings, lists, small print: at the start of lines
    | :(?=//|[\w+~-]+:)               # addresses; :emoji:
    | (?<=discord\.gg)/ | (?<=discord\.com)/        # invitations are unfolded even without a scheme
    | @(?=everyone|here)""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_EVERYBODY = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def inert(text: str) -> str:
    """What is shown letter for letter, where Discord would see markdown, mentions or links."""
    return _MARKUP.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found == "@":
        return "@\u200b"  # the server looks for @everyone before any client looks at backslashes
    if found[-1].isdigit():
        return f"{found}\\"
    return f"{found[:-1]}\\{found[-1]}"


def with_links(text: str) -> str:
    """Inert but for its web addresses: these show where they lead, and no preview of them unfolds."""
    shown, end = [], 0
    for match in _ADDRESS.finditer(text):
        bare = match[0].rstrip(".,;:!?'”’)]}*_~|")
        if web_link(bare) == bare:
            shown += [inert(text[end : match.start()]), f"<{bare}>"]
            end = match.start() + len(bare)
    return "".join([*shown, inert(text[end:])])


def fitted(text: str, limit: int, *, links: bool = False) -> str:
    """The text inert and isolated, in at most `limit` units: shortened at a sentence's or word's end."""
    make, room = with_links if links else inert, limit
    while units(shown := isolated(make(shortened(text, room, units)))) > limit:
        room -= max(1, (units(shown) - limit) // 2)
    return shown


def plain(text: str, limit: int) -> str:
    """One line for where Discord reads no markdown: authors, footers, labels."""
    line = _EVERYBODY.sub("@\u200b", one_line(text))
    shown = isolated(shortened(line, limit, units))
    return shown if units(shown) <= limit else isolated(shortened(line, limit - 2, units))
