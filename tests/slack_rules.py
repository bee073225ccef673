"""Block Kit's documented limits as a checker, written from docs.slack.dev and not from the adapter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

BUTTON_KEYS = {"type", "action_id", "text", "value", "style", "url", "confirm", "accessibility_label"}
# Block type → which surfaces may hold it.
MESSAGE_BLOCKS = ("header", "context", "rich_text", "actions", "section", "divider", "image")
VIEW_BLOCKS = (*MESSAGE_BLOCKS, "input")


def broken_rules(blocks: list[Json], *, most: int = 50, kinds: tuple[str, ...] = MESSAGE_BLOCKS) -> list[str]:
    """All that Slack would refuse, or that could ping or link by itself; [] when it is fine."""
    said = list(_of_all(blocks, most))
    for number, block in enumerate(blocks):
        kind = block.get("type", "")
        if kind not in kinds:
            said.append(f"{number}: no {kind} here")
        elif kind in CHECKS:
            said += [f"{number} {kind}: {word}" for word in CHECKS[kind](block)]
    return said


def _of_all(blocks: list[Json], most: int) -> Iterator[str]:
    if not 1 <= len(blocks) <= most and blocks:
        yield f"{len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id twice"
    yield from (f"block_id {i}" for i in ids if not 1 <= len(i) <= 255)


def _plain(text: Json, most: int) -> Iterator[str]:
    if text.get("type") != "plain_text":
        yield f"text of type {text.get('type')}"
    if not 1 <= len(text.get("text", "")) <= most:
        yield f"text of {len(text.get('text', ''))}"
    if not text.get("text", "").strip():
        yield "blank text"
    if text.get("emoji") is not False:
        yield "emoji codes are turned into emoji"


def _header(block: Json) -> Iterator[str]:
    yield from _plain(block["text"], 150)


def _context(block: Json) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield f"{len(block['elements'])} elements"
    for element in block["elements"]:
        yield from _plain(element, 3000)


def _actions(block: Json) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= 25:
        yield f"{len(elements)} elements"
    ids = [element["action_id"] for element in elements]
    if len(ids) != len(set(ids)):
        yield "action_id twice"
    for element in elements:
        yield from _button(element)


def _button(button: Json) -> Iterator[str]:
    yield from _plain(button["text"], 75)
    if button["type"] != "button" or set(button) - BUTTON_KEYS:
        yield f"{button['type']} with {set(button) - BUTTON_KEYS}"
    for key, most in (("action_id", 255), ("value", 2000), ("accessibility_label", 75)):
        if key in button and not 1 <= len(button[key]) <= most:
            yield f"{key} of {len(button[key])}"
    if button.get("style", "danger") not in ("primary", "danger"):
        yield f"style {button['style']}"


def _rich_text(block: Json) -> Iterator[str]:
    if not block["elements"]:
        yield "no elements"
    for part in block["elements"]:
        if part["type"] not in ("rich_text_section", "rich_text_quote") or not part["elements"]:
            yield f"{part['type']} of {len(part['elements'])}"
        for element in part["elements"]:
            yield from _rich_element(element)


def _rich_element(element: Json) -> Iterator[str]:
    # user, usergroup, channel and broadcast are the elements that ping.
    if element["type"] not in ("text", "link"):
        yield f"element {element['type']}"
    if not 1 <= len(element.get("text", "")) <= 3000:
        yield f"text of {len(element.get('text', ''))}"
    if element["type"] == "link" and not re.fullmatch(r"(?i)https?://[\x21-\x7e]{1,2990}", element["url"]):
        yield f"link to {element['url'][:40]}"


def _input(block: Json) -> Iterator[str]:
    yield from _plain(block["label"], 2000)
    if "hint" in block:
        yield from _plain(block["hint"], 2000)
    element = block["element"]
    if element["type"] not in ("plain_text_input", "static_select"):
        yield element["type"]
    if len(element.get("initial_value", "")) > 3000 or not 1 <= len(element["action_id"]) <= 255:
        yield "too long"
    for option in element.get("options", []):
        yield from _plain(option["text"], 75)
        if not 1 <= len(option["value"]) <= 150:
            yield f"option of {len(option['value'])}"
    if element["type"] == "static_select" and not 1 <= len(element["options"]) <= 100:
        yield "options"
    if "initial_option" in element and element["initial_option"] not in element["options"]:
        yield "initial option is none of the options"


CHECKS: dict[str, Callable[[Json], Iterator[str]]] = {
    "header": _header,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich_text,
    "input": _input,
}


def broken_view(view: Json) -> list[str]:
    """As broken_rules, for a modal or a Home tab."""
    said = broken_rules(view["blocks"], most=100, kinds=VIEW_BLOCKS)
    for key in ("title", "submit", "close"):
        if key in view:
            said += [f"{key}: {word}" for word in _plain(view[key], 24)]
    if len(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        said.append("too long")
    if view["type"] == "modal" and ("title" not in view or _has_input(view) > ("submit" in view)):
        said.append("a modal needs a title, and a submit button where it has inputs")
    return said


def _has_input(view: Json) -> bool:
    return any(block["type"] == "input" for block in view["blocks"])


def links(node: Any) -> Iterator[str]:
    for found in _walk(node):
        if isinstance(found, dict) and "url" in found:
            yield found["url"]


def texts(node: Any) -> Iterator[str]:
    for found in _walk(node):
        if isinstance(found, dict) and isinstance(found.get("text"), str):
            yield found["text"]


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)
