"""Prompts are text files, `prompts/<task>/<model family>.md`; each is known by a short hash of its text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from bot.errors import ConfigError

DEFAULT = "default"
_OURS = Path(__file__).resolve().parent.parent / "prompts"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt file's text, where `$name` stands for what is filled in, and the hash of that text."""

    task: str
    family: str
    text: str
    variables: frozenset[str]

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits; another text is another prompt."""
        return hashed(self.text)

    def filled(self, **values: str) -> str:
        """The text with every variable filled in; ConfigError unless exactly its variables are given.

        What is filled in is never looked at for variables again.
        """
        if values.keys() != self.variables:
            raise ConfigError(f"{self._file} takes {_listed(self.variables)}, not {_listed(values)}.")
        return Template(self.text).substitute(values)

    @property
    def _file(self) -> str:
        return f"The prompt {self.task}/{self.family}.md"


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a model's answers are drawn; at a `temperature` of 0 the likeliest one."""

    temperature: float
    top_p: float


def decoding(found: Prompt, folder: Path | None = None) -> Decoding | None:
    """What `earmark tune` noted beside the prompt; None where it noted nothing, or of another text."""
    note = (folder or _OURS) / found.task / f"{found.family}.json"
    try:
        kept = json.loads(note.read_text("utf-8"))
        if kept["hash"] != found.hash:
            return None
        return Decoding(temperature=float(kept["temperature"]), top_p=float(kept["top_p"]))
    except OSError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{found.task}/{note.name} isn't what `earmark tune` writes: mend or remove it."
        ) from error


def prompt(task: str, model: str, variables: frozenset[str], folder: Path | None = None) -> Prompt:
    """The prompt of a task for a model, by its family, or the task's `default.md` where the family has none.

    `variables` are those that the caller will fill in; a file with others is a ConfigError. `folder` is
    where the tasks' folders are, the ones that come with Earmark unless given.
    """
    text, name = _read(folder, task, family(model))
    found = Prompt(task=task, family=name, text=text, variables=_variables(text, f"{task}/{name}.md"))
    if found.variables != variables:
        raise ConfigError(
            f"The prompt {task}/{name}.md must use {_listed(variables)}; it uses {_listed(found.variables)}."
        )
    return found


def named(task: str, known: str, folder: Path | None = None) -> str:
    """ "write/smollm2.md" of the prompt with that hash; "" where no file of the task has it any more."""
    files = sorted(((folder or _OURS) / task).glob("*.md"))
    return next((f"{task}/{f.name}" for f in files if hashed(f.read_text("utf-8").strip()) == known), "")


def hashed(text: str) -> str:
    """A prompt's text as provenance and scores name it: eight hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def family(name: str) -> str:
    """ "org/Qwen2.5-0.5B" → "qwen2.5-0.5b", "llama3.2:3b" → "llama3.2-3b"; a name that can't be a file's is
    the default."""
    last = name.rpartition("/")[2].lower().replace(":", "-")
    return last if _NAME.fullmatch(last) else DEFAULT


def _read(folder: Path | None, task: str, family: str) -> tuple[str, str]:
    """The most special file there is: "qwen2.5-0.5b.md", else "qwen2.5.md", else "default.md"."""
    place = (folder or _OURS) / task
    parts = family.split("-")
    for name in [*("-".join(parts[:n]) for n in range(len(parts), 0, -1)), DEFAULT]:
        file = place / f"{name}.md"
        if file.is_file():
            return file.read_text("utf-8").strip(), name
    raise ConfigError(f"There is no prompt {task}/{DEFAULT}.md.")


def _variables(text: str, file: str) -> frozenset[str]:
    template = Template(text)
    if not template.is_valid():
        raise ConfigError(f"The prompt {file} has a `$` that names nothing; write `$$` for a dollar sign.")
    return frozenset(template.get_identifiers())


def _listed(names: Mapping[str, str] | frozenset[str]) -> str:
    return ", ".join(f"${n}" for n in sorted(names)) or "no variables"
