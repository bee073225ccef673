"""Who may import whom, where each outside library lives, and that starting up loads no heavy one."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PURE = ("domain", "errors", "views", "calendar", "digest", "identity", "claims", "choice", "taste", "notices")
ENGINES = (
    "apart",
    "feeds",
    "audio",
    "decoding",
    "malloc",
    "transcribe",
    "clips",
    "read",
    "write",
    "answer",
    "store",
    "weights",
    "pinned",
    "vault",
)

ADAPTERS = ("console", "slack", "discord", "web")

CORE = ("commands", "threads", "request", "views", "digest", "domain", "errors", "ports")
OF_ADAPTERS = {"metrics", "inert", *CORE, "export", "pages", "lineage"}

# Module (or package) of ours → what of ours it may import besides itself.
ALLOWED: dict[str, tuple[str, ...]] = {
    "domain": (),
    "errors": (),
    "views": (),
    "calendar": ("domain", "errors"),
    "identity": ("domain",),
    "claims": ("domain",),
    "taste": ("domain", "claims"),
    "choice": ("domain", "claims", "taste"),
    "digest": ("domain", "views", "ports"),
    "notices": ("domain", "errors", "calendar"),
    "export": ("domain", "digest", "ports", "views", "lineage"),
    "pages": ("ports",),
    "ports": ("domain",),
    "config": ("errors",),
    "logs": (),
    "ladder": ("domain",),
    "lineage": ("domain", "prompts"),
    "metrics": ("domain", "ports", "ladder"),
    "retries": ("domain", "errors"),
    "leases": ("domain", "errors", "ports"),
    "rounds": ("domain", "ports"),
    "making": ("domain", "errors", "ports"),
    "composing": (*PURE, "ports"),
    "pipeline": (*PURE, "ports", "making", "composing", "leases", "rounds", "retries"),
    "following": ("domain", "errors", "ports"),
    "schedule": ("domain", "errors", "pipeline", "health"),
    "work": ("domain", "errors", "pipeline", "health"),
    "limits": (),
    "health": ("errors",),
    "request": ("domain", "views", "ports", "limits"),
    "handlers": (
        *("domain", "errors", "views", "digest", "calendar", "following", "request"),
        *("claims", "choice", "taste", "lineage"),
    ),
    "commands": ("domain", "errors", "views", "calendar", "handlers", "request", "limits"),
    "threads": ("domain", "errors", "views", "claims", "digest", "following", "handlers", "request"),
    "secrets": ("ports", "vault"),
    "rekey": ("ports", "vault"),
    "inert": (),
    "malloc": (),
    "style": (),
    "pinned": (),
    "prompts": ("errors",),
    "weights": ("errors", "pinned"),
    "vault": ("errors",),
    "apart": ("errors",),
    "decoding": ("apart", "audio", "errors"),
    "feeds": ("apart", "domain", "errors", "ports", "vault"),
    "audio": ("domain", "errors", "ports"),
    "transcribe": ("apart", "domain", "errors", "ports", "audio", "decoding", "malloc", "weights"),
    "clips": ("apart", "domain", "errors", "ports", "audio", "transcribe"),
    "read": ("domain", "errors", "ports", "weights"),
    "write": ("domain", "errors", "ports", "prompts"),
    "answer": ("domain", "errors", "ports"),
    "store": ("domain", "errors", "ports"),
    "demo": ("domain", "errors"),
}
# The one home of each outside library.
HOMES = {
    "aiohttp": ("bot.feeds", "bot.write.endpoint", "adapters"),
    "alembic": ("bot.store",),
    "apscheduler": ("bot.schedule",),
    "av": ("bot.audio",),
    "cryptography": ("bot.vault",),
    "discord": ("adapters.discord",),
    "ctranslate2": ("bot.read", "bot.transcribe", "bot.write"),
    "faster_whisper": ("bot.transcribe",),
    "jinja2": ("adapters.web",),
    "feedparser": ("bot.feeds",),
    "lxml": ("bot.feeds", "bot.transcribe"),
    "onnxruntime": ("bot.answer",),
    "procrastinate": ("bot.work",),
    "psycopg": ("bot.answer",),
    "pydantic_settings": ("bot.config",),
    "slack_bolt": ("adapters.slack",),
    "slack_sdk": ("adapters.slack",),
    "sqlalchemy": ("bot.store",),
    "sqlmodel": ("bot.store",),
    "starlette": ("adapters.web",),
    "transformers": ("bot.read", "bot.write"),
    "typer": ("bot.cli",),
    "uvicorn": ("adapters.web",),
    "whisper": ("bot.transcribe",),
}
HEAVY = (
    "torch",
    "transformers",
    "whisper",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "av",
    "sqlmodel",
    "aiohttp",
    "alembic",
    "discord",
    "slack_bolt",
    "slack_sdk",
    "starlette",
    "jinja2",
    "uvicorn",
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("bot", "adapters"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Full names of all that is imported, inside functions too; `from bot import x` counts as bot.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module in ("bot", "adapters")
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if whole else (node.module,)


MODULES = list(modules())


def part(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize(("name", "tree"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_of_ours(name: str, tree: ast.Module) -> None:
    ours = {part(module) for module in imports(tree) if module.startswith("bot.")}
    if name.startswith("adapters"):
        assert ours <= OF_ADAPTERS
        others = {part(m) for m in imports(tree) if m.startswith("adapters.")} - {part(name)}
        assert not others, "adapters don't know one another"
    elif part(name) in ALLOWED:
        assert ours <= {part(name), *ALLOWED[part(name)]}
        assert not any(m.startswith("adapters") for m in imports(tree))
    else:
        # What wires may import everything of the core; training is imported by nobody.
        assert part(name) in (
            "",
            "cli",
            "wiring",
            "wiring_channels",
            "wiring_models",
            "__main__",
            "sources",
            "training",
        )
    for never in {"training", "demo"} - {part(name)}:
        assert never not in ours, "what trains and what makes the demo is no part of the program"


@pytest.mark.parametrize(("name", "tree"), MODULES, ids=[name for name, _ in MODULES])
def test_each_library_stays_at_home(name: str, tree: ast.Module) -> None:
    if part(name) in ("training", "demo"):
        return
    for module in imports(tree):
        homes = HOMES.get(module.partition(".")[0])
        assert homes is None or name.startswith(homes), f"{module} is at home in {homes}"


def test_every_engine_is_held_to_rules() -> None:
    present = {part(name) for name, _ in MODULES} - {""}
    assert set(ENGINES) <= present
    assert present <= {
        *ALLOWED,
        "cli",
        "wiring",
        "wiring_channels",
        "wiring_models",
        "__main__",
        "sources",
        "training",
        *ADAPTERS,
    }


def test_starting_loads_no_heavy_library() -> None:
    code = f"import sys, bot.__main__; print([m for m in {HEAVY!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert shown.stdout.strip() == "[]"
