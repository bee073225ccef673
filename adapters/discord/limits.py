"""What Discord takes at most (docs.discord.com/developers), in UTF-16 units to be on the safe side."""

from __future__ import annotations

CONTENT = 2000
EMBEDS = 10  # a message
# Titles, descriptions, authors and footers of all embeds of a message together; addresses don't count.
EMBED_TOTAL = 6000
TITLE = 256
DESCRIPTION = 4096
AUTHOR = 256
FOOTER = 2048
URL = 2048
ROWS, A_ROW = 5, 5
BUTTON = 80
CUSTOM_ID = 100
OPTIONS, OPTION, OPTION_VALUE = 25, 100, 100
PLACEHOLDER = 150
CHOICES, CHOICE = 25, 100  # of an option of a command, and its name
DESCRIBED = 100  # a command's or option's description
THREAD_NAME = 100
MODAL_TITLE, MODAL_FIELDS, LABEL, LABEL_HINT = 45, 5, 45, 100
INPUT, INPUT_HINT = 4000, 100
NONCE = 25


def units(text: str) -> int:
    """UTF-16 code units: a letter outside the Basic Multilingual Plane (most emoji) counts as two."""
    return len(text) + sum(letter > "\uffff" for letter in text)
