"""Verbs that keep what is stored: backup, restore, and a change of keys."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import app, earmark, say
from bot.errors import EarmarkError

if TYPE_CHECKING:
    from bot.wiring import Earmark

DATABASE, KEY = "earmark.db", "earmark.key"


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to: one file, .zip.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="The key too: whoever has the file can open all secrets.")
    ] = False,
) -> None:
    """Save all that is stored into one file, while the bot runs."""
    with earmark() as it:
        save(it, file, with_key)
    what = "with its key: keep it as you keep a password" if with_key else "without its key"
    say(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {what}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `earmark backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Although there is a database.")] = False,
) -> None:
    """Put back what `earmark backup` saved. Stop the bot first."""
    with earmark() as it:
        bring_back(it, file, replace)
    say(f"{file} is back in its place; `earmark doctor` says whether all is well.")


@app.command()
def rekey() -> None:
    """After a new key was put in front of the old one: seal with it what the old one sealed."""
    from bot.rekey import old, rekey
    from bot.wiring import ROOT

    with earmark() as it:
        texts = rekey(it.store, it.vault, ROOT)
        left = old(it.store, it.vault)
    if left:
        say(f"{texts} texts are sealed anew; {left} no key here opens, or were sealed meanwhile.")
        say("Run it again, and keep the old key as long as this says so.")
        raise typer.Exit(1)
    say(f"{texts} texts are sealed anew, and nothing is under an old key: it can be dropped now.")


def save(it: Earmark, file: Path, with_key: bool) -> None:
    """Writes beside `file` and then renames: a backup that was broken off never takes a whole one's place."""
    from bot.store.backup import copy, file_of

    key, part = it.settings.data_dir / KEY, file.with_name(f"{file.name}.part")
    if with_key and not key.exists():
        raise EarmarkError(f"There is no key file {key}: the key is in EARMARK_KEY, or was not needed yet.")
    with tempfile.TemporaryDirectory(dir=file.parent.resolve()) as folder:
        copy(file_of(it.settings.store_url), Path(folder) / DATABASE)
        _pack(part, {DATABASE: Path(folder) / DATABASE} | ({KEY: key} if with_key else {}))
    os.replace(part, file)


def _pack(file: Path, members: dict[str, Path]) -> None:
    """For its owner's eyes alone from the first byte on."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in members.items():
            archive.write(path, name)


def bring_back(it: Earmark, file: Path, replace: bool) -> None:
    """Everything is checked before anything is touched; a key that is there already stays."""
    from bot.store.backup import check, file_of, is_open, put

    target, key = file_of(it.settings.store_url), it.settings.data_dir / KEY
    if not file.is_file():
        raise EarmarkError(f"There is no file {file}.")
    if target.exists() and not replace:
        raise EarmarkError(f"There is a database already ({target}); --replace puts the backup in its place.")
    if is_open(target):
        raise EarmarkError(f"Another process has {target} open. Stop `earmark run` first.")
    it.settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=it.settings.data_dir) as folder:
        unpacked = _unpacked(file, Path(folder))
        check(unpacked[DATABASE])
        if KEY in unpacked and not key.exists():
            os.chmod(unpacked[KEY], 0o600)
            os.replace(unpacked[KEY], key)
        put(unpacked[DATABASE], target)


def _unpacked(file: Path, folder: Path) -> dict[str, Path]:
    """The two members that we know, whatever else is in there, by name."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in (DATABASE, KEY) if name in archive.namelist()]
            found = {name: Path(archive.extract(name, folder)) for name in names}
    except (zipfile.BadZipFile, EOFError) as error:
        raise EarmarkError(f"{file} is no backup, or it is damaged.") from error
    if DATABASE not in found:
        raise EarmarkError(f"{file} is no backup: there is no {DATABASE} in it.")
    return found
