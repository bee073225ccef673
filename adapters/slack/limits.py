"""What Slack takes at most (docs.slack.dev/reference/block-kit), in characters unless said."""

from __future__ import annotations

BLOCKS = 50  # a message; modals and the Home tab take 100
VIEW_BLOCKS = 100
HEADER = 150
TEXT = 3000  # one text object
ELEMENTS = 25  # of an actions block; a context block takes 10
BUTTON = 75  # its label, and what a screen reader says of it
VALUE = 2000  # of a button
MODAL_TITLE = 24
FIELD_LABEL = 2000
FIELD_VALUE = 3000
OPTION = 75
METADATA = 3000
# Undocumented: messages are refused (msg_blocks_too_long) from about 13,200 characters of all their blocks
# together, containers included (bolt-js#2509 and #2867). Bytes of the JSON are never fewer than those.
MESSAGE_BYTES = 12_000
FALLBACK = 3000
