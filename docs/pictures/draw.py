# ruff: noqa: E501 - style sheets
"""Draws the demo's digest as Slack, Discord and a terminal show it: python docs/pictures/draw.py

Neither platform can be photographed offline, so this lays the very JSON that we send out in HTML and has
Chromium take the picture. Fonts and colours are near, not theirs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
Json = dict[str, Any]

PAGE = """<!doctype html><meta charset="utf-8"><style>
* {{ box-sizing: border-box }} body {{ margin: 0; padding: 22px 26px; width: {width}px; {body} }}
a {{ color: {link}; text-decoration: none }} {style}</style>{content}"""
MEASURE = "<script>onload = () => (document.title = document.body.scrollHeight)</script>"
SLACK = """
.who { font-weight: 900; font-size: 15px } .who small { font-weight: 400; color: #616061; margin-left: 6px }
.app { background: #e8e8e8; font-size: 10px; padding: 1px 4px; border-radius: 3px; margin-left: 4px }
h3 { font-size: 18px; margin: 6px 0 8px } p { margin: 0 0 2px; white-space: pre-wrap }
.context { color: #616061; font-size: 13px; margin: 4px 0 8px } blockquote { margin: 4px 0; padding-left: 12px;
border-left: 4px solid #ddd } .rich { margin: 10px 0 6px } .actions { display: flex; gap: 8px; margin: 6px 0 14px }
button { font: 700 13px Lato, sans-serif; background: #fff; border: 1px solid #bbb; border-radius: 4px;
padding: 5px 12px } .danger { background: #e01e5a; color: #fff; border: 0 }"""
DISCORD = """
.who { color: #fff; font-weight: 600; font-size: 16px } .app { background: #5865f2; color: #fff; font-size: 10px;
padding: 1px 5px; border-radius: 4px; margin: 0 6px } small { color: #949ba4 } .content { margin: 4px 0 8px }
.embed { background: #2b2d31; border-left: 4px solid #4e5058; border-radius: 4px; padding: 10px 16px 12px 12px;
margin: 6px 0; max-width: 560px } .author { font-size: 13px; font-weight: 600; color: #dbdee1 } .author a
{ color: #dbdee1 } .title { font-weight: 700; margin: 6px 0; color: #fff } .title a { color: #00a8fc }
.footer { font-size: 12px; color: #949ba4; margin-top: 8px } blockquote { margin: 4px 0; padding-left: 10px;
border-left: 4px solid #4e5058 } .row { display: flex; gap: 8px; margin: 8px 0; max-width: 560px }
button { font: 500 14px sans-serif; background: #4e5058; color: #fff; border: 0; border-radius: 8px;
padding: 8px 16px } .primary { background: #5865f2 } .select { flex: 1; background: #1e1f22; border-radius: 4px;
padding: 10px 12px; color: #949ba4 } .quiet { font-size: 12px; color: #949ba4 }"""


def slack(message: Json) -> str:
    who = '<div class="who">Earmark<span class="app">APP</span><small>08:00</small></div>'
    blocks = "".join(_block(block) for block in message["blocks"])
    body = "background:#fff;color:#1d1c1d;font:15px/1.46 Lato,'Noto Sans',sans-serif"
    return PAGE.format(width=720, body=body, link="#1264a3", style=SLACK, content=who + blocks)


def _block(block: Json) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{escape(block['text']['text'])}</h3>"
        case "context":
            return "".join(f'<div class="context">{escape(e["text"])}</div>' for e in block["elements"])
        case "actions":
            return f'<div class="actions">{"".join(_button(e) for e in block["elements"])}</div>'
        case "rich_text":
            return f'<div class="rich">{"".join(_rich(e) for e in block["elements"])}</div>'
        case "divider":
            return "<hr>"
    raise ValueError(f"No picture of {block['type']} yet.")


def _button(element: Json) -> str:
    return f'<button class="{element.get("style", "")}">{escape(element["text"]["text"])}</button>'


def _rich(element: Json) -> str:
    inner = "".join(_run(run) for run in element["elements"])
    return f"<blockquote>{inner}</blockquote>" if element["type"] == "rich_text_quote" else f"<p>{inner}</p>"


def _run(run: Json) -> str:
    text = escape(run["text"])
    if run["type"] == "link":
        return f'<a href="{escape(run["url"])}">{text}</a>'
    return f"<b>{text}</b>" if run.get("style", {}).get("bold") else text


def discord(message: Json) -> str:
    who = '<span class="who">Earmark</span><span class="app">✓ APP</span><small>Today at 08:00</small>'
    content = f'<div class="content">{_markdown(message.get("content") or "")}</div>'
    embeds = "".join(_embed(embed) for embed in message.get("embeds", ()))
    rows = "".join(_row(row) for row in message.get("components", ()))
    body = "background:#313338;color:#dbdee1;font:15px/1.4 'gg sans','Noto Sans',sans-serif"
    return PAGE.format(
        width=660, body=body, link="#00a8fc", style=DISCORD, content=who + content + embeds + rows
    )


def _embed(embed: Json) -> str:
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    shown = [
        ("author", _linked(escape(author.get("name", "")), author.get("url"))),
        ("title", _linked(_markdown(embed.get("title") or ""), embed.get("url"))),
        ("description", _markdown(embed.get("description") or "")),
        ("footer", escape(footer.get("text", ""))),
    ]
    inner = "".join(f"<div class={name!r}>{text}</div>" for name, text in shown if text)
    return f'<div class="embed">{inner}</div>'


def _linked(text: str, url: str | None) -> str:
    return f'<a href="{escape(url)}">{text}</a>' if url and text else text


def _markdown(text: str) -> str:
    """The little of Discord's markup that we send."""
    lines = []
    for line in escape(text, quote=False).split("\n"):
        line = re.sub(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*", r"<b>\1</b>", line)
        line = re.sub(r"(?<!\\)\[(.+?)\]\(&lt;(\S+?)&gt;\)", r'<a href="\2">\1</a>', line)
        quote, small = line.startswith("&gt; "), line.startswith("-# ")
        line = re.sub(r"\\(?=[^\w\s])", "", line.removeprefix("&gt; ").removeprefix("-# "))
        line = f'<span class="quiet">{line}</span>' if small else line
        lines.append(f"<blockquote>{line}</blockquote>" if quote else f"<div>{line}</div>")
    return "".join(lines)


def _row(row: Json) -> str:
    return f'<div class="row">{"".join(_component(each) for each in row["components"])}</div>'


def _component(component: Json) -> str:
    if component["type"] != 2:
        return f'<div class="select">{escape(component.get("placeholder") or "")} ⌄</div>'
    emoji = (component.get("emoji") or {}).get("name") or ""
    style = "primary" if component.get("style") == 1 else ""
    return f'<button class="{style}">{emoji} {escape(component.get("label") or "")}</button>'


def console(text: str) -> str:
    body = "background:#1e1e1e;color:#ddd;font:13px/1.45 'Noto Sans Mono','DejaVu Sans Mono',monospace"
    content = f"<pre style='margin:0;font:inherit;white-space:pre-wrap'>{escape(text)}</pre>"
    return PAGE.format(width=820, body=body, link="#8af", style="", content=content)


def photograph(html: str, to: Path) -> None:
    """Takes the picture, and cuts it to what is on it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium takes the pictures, and there is none here: install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        page, measure = Path(folder, "page.html"), Path(folder, "measure.html")
        page.write_text(html, encoding="utf-8")
        measure.write_text(html.replace("<style>", f"{MEASURE}<style>"), encoding="utf-8")
        run = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        dom = subprocess.run([*run, "--dump-dom", f"file://{measure}"], capture_output=True, text=True)
        height = int(re.findall(r"<title>(\d+)", dom.stdout)[0])
        width = int(re.findall(r"width: (\d+)px", html)[0])
        size = [f"--window-size={width},{height}", f"--screenshot={to}"]
        subprocess.run([*run, *size, f"file://{page}"], capture_output=True, check=True)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from adapters.discord.render import rendered as on_discord
    from adapters.slack.render import rendered as on_slack
    from bot import digest
    from bot.views import plain
    from tests.test_discord_render import payload

    view = digest.view(_of_demo(), clips=True)
    pages = {
        "slack": slack({"blocks": on_slack(view).blocks}),
        "discord": discord(payload(on_discord(view))),
        "console": console(plain(view)),
    }
    for name, html in pages.items():
        photograph(html, HERE / f"{name}.png")


def _of_demo() -> Any:
    """What `earmark demo` posts: the pictures show what the models that ship write."""
    from bot.store.sql import SqlStore

    with tempfile.TemporaryDirectory() as folder:
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "EARMARK_DATA_DIR": folder}
        run = [sys.executable, "-m", "bot", "demo"]
        subprocess.run(run, env=surroundings, check=True, stdout=subprocess.DEVNULL)
        store = SqlStore.open(str(Path(folder, "demo", "earmark.db")))
        (channel,) = store.channels()
        (posted,) = store.digests(channel.id, 1)
        store.close()
        return posted


if __name__ == "__main__":
    main()
