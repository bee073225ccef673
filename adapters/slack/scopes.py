"""What the app asks a workspace for; the manifest names the same, which a test holds."""

from __future__ import annotations

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "users:read",
)
