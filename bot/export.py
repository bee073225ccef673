"""Digests as files of other programs: Markdown notes with front matter (Obsidian), Readwise's CSV; pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Literal

from bot import digest, lineage
from bot.domain import Digest, Pick, hhmmss
from bot.ports import Pages
from bot.views import WITHDRAWN, Item

Format = Literal["md", "readwise"]
# https://readwise.io/import_bulk: these columns, in this order.
COLUMNS = ("Highlight", "Title", "Author", "URL", "Note", "Location", "Date")
# What opens something in CommonMark or Obsidian wherever it stands; `-`, `+`, `1.` do so where a line starts.
_OPENS = re.compile(r"[\\`*_{}\[\]<>#|~$^&]|==|%%")
_OPENS_A_LINE = re.compile(r"^([-+]|\d{1,9}(?=[.)]))(.?)")
# What a spreadsheet takes for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def markdown(title: str, digests: Sequence[Digest], pages: Pages | None = None) -> str:
    """One note of all `digests`, in their order; what was said is text there, whatever it looks like."""
    shows = dict.fromkeys(pick.episode.show for made in digests for pick in made.picks if pick.episode.show)
    dates = [made.local_date.isoformat() for made in digests]
    front = {
        "title": title,
        "date": max(dates, default=""),
        "tags": ["podcasts", "insights"],
        "shows": list(shows),
        "insights": sum(len(made.picks) for made in digests),
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items()]
    parts = ["---", *lines, "---", "", f"# {escaped(title)}", ""]
    return "\n".join([*parts, *(_of_digest(made, pages) for made in digests)])


def _of_digest(made: Digest, pages: Pages | None) -> str:
    day = f"## {digest.long_date(made.local_date)} {made.local_date.year}"
    return "\n".join(
        [
            day,
            "",
            *(_note(pick, n, pages, made.local_date) for n, pick in enumerate(made.picks, 1)),
            *_made_by(made),
        ]
    )


def _made_by(made: Digest) -> Iterator[str]:
    """A list of the steps, each with its model."""
    steps = lineage.lines(pick.insight.provenance for pick in made.picks)
    yield from (f"- {escaped(step)}" for step in steps)
    if steps:
        yield ""


def _note(pick: Pick, number: int, pages: Pages | None, today: date) -> str:
    insight = digest.amended(pick)
    if digest.is_withdrawn(pick):
        title = f"### {number}. ~~{escaped(insight.headline)}~~"
        return "\n".join([title, "", escaped(digest.note(pick.erratum)), "", _source(pick, pages), ""])
    by = f" — {escaped(insight.speaker)}" if insight.speaker else ""
    note = [f"*{escaped(digest.note(pick.erratum))}*", ""] if pick.erratum else []
    return "\n".join(
        [
            f"### {number}. {escaped(insight.headline)}",
            "",
            escaped(insight.text),
            "",
            f"> “{escaped(insight.quote)}”{by}",
            "",
            *note,
            _source(pick, pages),
            "",
            *(line for said in _elsewhere(digest.item(pick, number, pages, today)) for line in (said, "")),
        ]
    )


def _elsewhere(item: Item) -> Iterator[str]:
    """Where else it was said, and what it follows up on."""
    for place in item.also:
        where = " · ".join(filter(None, (place.source, place.moment)))
        yield f"Also on {_linked(where, place.page or place.link)}"
    if item.more:
        yield f"and on {item.more} more"
    if item.follows:
        earlier = item.follows
        yield f"Follows up on {earlier.when} {_linked(f'“{earlier.headline}”', earlier.link)}"


def _linked(text: str, url: str) -> str:
    return f"[{escaped(text)}](<{_in_brackets(url)}>)" if url else escaped(text)


def _source(pick: Pick, pages: Pages | None) -> str:
    where = " · ".join(filter(None, (pick.episode.show, pick.episode.title, hhmmss(pick.insight.start))))
    return _linked(where, address(pick, pages))


def address(pick: Pick, pages: Pages | None) -> str:
    """Where the insight can be read or heard: our page, else the publisher's, else the audio, else ""."""
    item = digest.item(pick, 1, pages)
    return item.page or item.link


def escaped(text: str) -> str:
    """Any text as one line of Markdown that shows it as it is."""
    line = _OPENS.sub(lambda found: "".join(f"\\{letter}" for letter in found[0]), " ".join(text.split()))
    return _OPENS_A_LINE.sub(_escaped_start, line)


def _escaped_start(found: re.Match[str]) -> str:
    opens, after = found[1], found[2]
    return f"{opens}\\{after}" if opens.isdecimal() else f"\\{opens}{after}"


def _in_brackets(url: str) -> str:
    return re.sub(r"[<>\\\s]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)


def readwise(title: str, digests: Sequence[Digest], pages: Pages | None = None) -> str:
    """Readwise's CSV: the quote is the highlight, the insight its note, seconds its location."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_row(pick, made, pages) for made in digests for pick in made.picks)
    return out.getvalue()


def _row(pick: Pick, made: Digest, pages: Pages | None) -> list[str]:
    insight, episode = pick.insight, pick.episode
    at = made.created_at or datetime.combine(made.local_date, datetime.min.time())
    cells = (insight.quote, episode.title, episode.show, address(pick, pages), _claim(pick))
    second = "" if insight.start is None else str(int(insight.start))
    return [*(_harmless(cell) for cell in cells), second, f"{at:%Y-%m-%d %H:%M:%S}"]


def _claim(pick: Pick) -> str:
    insight, note = digest.amended(pick), digest.note(pick.erratum)
    if digest.is_withdrawn(pick):
        return f"{WITHDRAWN}{insight.headline}\n{note}"
    by = f"\n— {insight.speaker}" if insight.speaker else ""
    also = "".join(
        f"\nAlso on {' · '.join(filter(None, (other.episode.show, other.episode.title)))}"
        for other in pick.also
    )
    return f"{insight.headline}\n{insight.text}{by}{also}" + (f"\n{note}" if note else "")


def _harmless(cell: str) -> str:
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


FORMATS: dict[Format, Callable[[str, Sequence[Digest], Pages | None], str]] = {
    "md": markdown,
    "readwise": readwise,
}
ENDINGS: dict[Format, str] = {"md": "md", "readwise": "csv"}
