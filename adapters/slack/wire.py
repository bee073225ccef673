"""Where Slack's Web API is."""

from __future__ import annotations

from bot.ports import Host

API_URL = "https://slack.com/api/"


def api_url(host: Host) -> str:
    """Slack's, or the stand-in that SLACK_API_URL names."""
    return (host.setting("SLACK_API_URL") or API_URL).rstrip("/") + "/"
