"""Settings: read once by `__main__` from the environment and an `.env` file, then passed on as a value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError


def _named(variable: str, description: str, default: Any = None) -> Any:
    """A setting whose variable has the name that people know it by, without our prefix."""
    return Field(default=default, validation_alias=variable, description=description)


class Settings(BaseSettings):
    """Every setting is an environment variable: EARMARK_ and its name, but for DATABASE_URL and those of the
    chat platforms."""

    model_config = SettingsConfigDict(
        env_prefix="EARMARK_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Field(default_factory=lambda: user_data_path("earmark"))
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("earmark"))
    database_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_URL", "EARMARK_DATABASE_URL")
    )
    queue: Literal["embedded", "procrastinate"] = Field(
        default="embedded",
        validation_alias=AliasChoices("QUEUE", "EARMARK_QUEUE"),
        description="procrastinate: several machines share the work through their Postgres.",
    )
    key: SecretStr | None = Field(
        default=None, description="Fernet key that seals private feed addresses; else a file in data_dir."
    )
    engine: Literal["faster-whisper", "openai-whisper"] = "faster-whisper"
    asr_model: str = Field(default="tiny.en", description="A Whisper model by name, or the path of one.")
    device: Literal["cpu", "cuda"] = Field(
        default="cpu", description="Where speech is heard: cpu (int8), or cuda, a GPU (float16)."
    )
    word_times: bool = False
    writer: str = Field(
        default="extractive",
        description="extractive; endpoint (see llm_url); or a chat model: its name on the hub, or a folder.",
    )
    writer_revision: str = Field(
        default="", description="The commit of the hub's model to take; else the newest, which may change."
    )
    reranker: Literal["on", "off"] = Field(
        default="on",
        description="Whether a cross-encoder orders what an answer is made of (73 MB, pulled on first use).",
    )
    llm_url: str = Field(default="", description="Base of an OpenAI-compatible endpoint, http://host/v1.")
    llm_model: str = Field(default="", description="The model to ask for at that endpoint.")
    llm_key: SecretStr | None = None
    candidates: int = Field(default=4, ge=1, le=16, description="Texts drawn a passage by a larger writer.")
    copying: bool = Field(default=False, description="Hold a model that runs here to the passage's words.")
    threads: int = Field(default=0, ge=0, description="Threads a model may use; 0: one per core.")
    price_second: float = Field(
        default=0, ge=0, description="What a processor second costs you (any currency); see `earmark status`."
    )
    price_tokens_in: float = Field(
        default=0, ge=0, description="Price of a million tokens that llm_url reads."
    )
    price_tokens_out: float = Field(default=0, ge=0, description="The same of a million that it writes.")
    timezone: str = "UTC"
    post_time: str = "08:00"
    count: int = Field(default=5, ge=1, le=10)
    keep_audio_days: float = Field(default=7, ge=0)
    max_audio_mb: int = Field(default=500, ge=1)
    max_audio_hours: float = Field(default=6, gt=0)
    allow: str = Field(default="", description="host:port pairs in your own network that may be fetched.")
    user_limit: int = Field(default=60, ge=0, description="Costly commands an hour and person; 0: no limit.")
    workspace_limit: int = Field(default=600, ge=0, description="The same for a whole workspace.")
    clips: Literal["on", "off"] = Field(
        default="on", description="Whether people can hear the moment of an insight, as a file in its thread."
    )
    itunes_url: str = "https://itunes.apple.com"
    slack_bot_token: SecretStr | None = _named("SLACK_BOT_TOKEN", "xoxb-…: one workspace.")
    slack_app_token: SecretStr | None = _named("SLACK_APP_TOKEN", "xapp-…: Socket Mode, no public address.")
    slack_signing_secret: SecretStr | None = _named("SLACK_SIGNING_SECRET", "HTTP mode checks it.")
    slack_client_id: str = _named("SLACK_CLIENT_ID", "With the secret: many workspaces, by OAuth.", "")
    slack_client_secret: SecretStr | None = _named("SLACK_CLIENT_SECRET", "")
    slack_api_url: str = _named("SLACK_API_URL", "A stand-in of Slack's Web API.", "")
    discord_token: SecretStr | None = _named("DISCORD_TOKEN", "The bot's token.")
    discord_api_url: str = _named("DISCORD_API_URL", "A stand-in of Discord's REST API.", "")
    discord_gateway_url: str = _named("DISCORD_GATEWAY_URL", "A stand-in of Discord's gateway.", "")
    discord_message_content: str = _named("DISCORD_MESSAGE_CONTENT", "on: read threads unmentioned.", "")
    public_url: str = _named("PUBLIC_URL", "Where this program can be reached from outside.", "")
    pages: Literal["secret", "public", "off"] = _named("PAGES", "Who may look into the library.", "secret")
    pages_salt: SecretStr | None = _named("PAGES_SALT", "Another one ends all links given out so far.")
    web_port: str = _named("WEB_PORT", "Where `earmark serve web` listens.", "8080")
    http_host: str = _named("HTTP_HOST", "Which address to listen on.", "127.0.0.1")
    http_port: str = _named("HTTP_PORT", "And which port.", "3000")
    health_port: int = Field(
        default=0,
        ge=0,
        le=65_000,
        description="/healthz, /readyz, /metrics; 0: off. `run` takes the next too.",
    )
    health_host: str = "127.0.0.1"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    log_format: Literal["text", "json"] = "text"

    @property
    def secret_values(self) -> tuple[str, ...]:
        """What no log may hold; the database's address is there for its password."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        return (
            *secrets,
            *(part for secret in secrets for part in re.findall(r"://[^/@]*?:([^@]+)@", secret)),
        )

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.allow.split(",") if part.strip())

    @property
    def platforms(self) -> tuple[str, ...]:
        """The chat platforms that are set up."""
        slack = self.slack_bot_token or self.slack_client_id
        return tuple(name for name, there in (("slack", slack), ("discord", self.discord_token)) if there)

    @property
    def listeners(self) -> tuple[str, ...]:
        """What `earmark run` serves: those platforms, and the pages that posts link to."""
        return (*self.platforms, *(("web",) if self.shows_pages else ()))

    @property
    def shows_pages(self) -> bool:
        """Whether posts link to our own pages, which must be served then."""
        return bool(self.public_url) and self.pages != "off"

    @property
    def store_url(self) -> str:
        """SQLite in the data folder unless DATABASE_URL names another database."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'earmark.db'}"


def load(**overrides: object) -> Settings:
    """The settings, or a ConfigError that names each wrong variable (and never its value)."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False))
        raise ConfigError(f"A setting is wrong. {wrong}") from None


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    return name if name.isupper() else f"EARMARK_{name.upper()}"
