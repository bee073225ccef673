"""Forms as Slack's modals: laid out, read back, and turned into what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from adapters.slack.desk import Place
from adapters.slack.render import Json, rendered
from bot.inert import isolated, one_line, shortened
from bot.views import Field, Form, View

FORM = "form"  # the callback_id of every form
TITLE, LABEL, HINT, INITIAL = 24, 48, 150, 3000  # docs.slack.dev/reference/views: a title has 24 characters


def modal(form: Form, place: Place) -> Json:
    """The form as a modal that remembers where it was asked for."""
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": _memory(place, form.command),
        "title": _words(form.title, TITLE),
        "submit": _words("Save", TITLE),
        "close": _words("Cancel", TITLE),
        "blocks": [_input(field) for field in form.fields],
    }


def _input(field: Field) -> Json:
    return {
        "type": "input",
        "block_id": field.name,
        "optional": not field.required,
        "label": _words(field.label, LABEL),
        "element": _select(field) if field.choices else _text(field),
    }


def _text(field: Field) -> Json:
    made: Json = {"type": "plain_text_input", "action_id": field.name, "multiline": field.long}
    made |= {"initial_value": field.value[:INITIAL]} if field.value else {}
    return made | ({"placeholder": _words(field.hint, HINT)} if field.hint else {})


def _select(field: Field) -> Json:
    options = {choice: {"text": _words(choice, 75), "value": choice} for choice in field.choices}
    made: Json = {"type": "static_select", "action_id": field.name, "options": list(options.values())}
    return made | ({"initial_option": options[field.value]} if field.value in options else {})


def filled(view: Mapping[str, Any], user: str) -> tuple[Place, str, dict[str, str]]:
    """Where a form was asked for, the line that it fills in, and what was filled in."""
    place, line = remembered(view, user)
    return place, line, {name: _value(block[name]) for name, block in view["state"]["values"].items()}


def _memory(place: Place, line: str = "") -> str:
    return json.dumps({"place": asdict(place), "line": line})


def remembered(view: Mapping[str, Any], user: str) -> tuple[Place, str]:
    """Where a modal was asked for, and the line that it fills in ("": it is none of ours to fill in)."""
    asked = json.loads(view["private_metadata"])
    return Place(**{**asked["place"], "user": user}), asked["line"]


def _value(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option")
    return str(chosen["value"] if chosen else element.get("value") or "")


def answered(title: str, view: View, place: Place) -> Json:
    """What came of it, in the modal's place; its buttons remember where it was asked for."""
    return {
        "type": "modal",
        "private_metadata": _memory(place),
        "title": _words(title, TITLE),
        "close": _words("Close", TITLE),
        "blocks": rendered(view).blocks,
    }


def _words(text: str, most: int) -> Json:
    return {"type": "plain_text", "text": isolated(shortened(one_line(text), most - 2)), "emoji": False}
