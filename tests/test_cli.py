"""The command line: help, errors in words, clean stdout, and no database left.

What a process of its own shows better (a closed stdin, a signal, models) has one. The rest is called here,
since a start costs a second of the processor.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from cryptography.fernet import Fernet

import bot.__main__  # noqa: F401 - all verbs
from bot.cli import app, scripts
from bot.domain import Feed
from bot.store.sql import SqlStore
from bot.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("refresh", "transcribe", "read", "write", "compose", "publish", "revise")
OTHERS = ("demo", "run", "work", "serve", "add", "remove", "feeds", "export-opml", "status", "retry")
KEEPING = ("backup", "restore")
VERBS = (*STAGES, *OTHERS, *KEEPING, "insights", "ask", "weights", "doctor", "pages", "export-insights")


Shown: TypeAlias = subprocess.CompletedProcess[str]
Verb: TypeAlias = Callable[..., Shown]


@pytest.fixture
def earmark(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Runs a verb with its data in `home`; models stay in the user's cache."""

    def run(home: Path, *words: str, **env: str) -> Shown:
        given = {"EARMARK_DATA_DIR": str(home), "COLUMNS": "200", "NO_COLOR": "1", **env}
        with monkeypatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["earmark", *words])
            with pytest.raises(SystemExit) as ended:
                app.main()
        said = capsys.readouterr()
        return Shown(words, int(ended.value.code or 0), said.out, said.err)

    return run


def earmark_apart(home: Path, *words: str, **env: str) -> Shown:
    """The same in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EARMARK_DATA_DIR": str(home), "COLUMNS": "200", "NO_COLOR": "1", **env},
        timeout=240,
    )


def test_help_names_every_verb(tmp_path: Path) -> None:
    shown = earmark_apart(tmp_path, "--help")
    assert shown.returncode == 0
    assert all(re.search(rf"\b{verb}\b", shown.stdout) for verb in VERBS)


def test_readme_names_only_verbs_and_options_that_exist(earmark: Verb, tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"^earmark ([a-z-]+)", text, re.M)) | set(re.findall(r"`earmark ([a-z-]+)", text))
    assert used <= set(VERBS)
    for verb in ("insights", "ask", "add", "compose"):
        shown = earmark(tmp_path, verb, "--help").stdout
        line = next((row for row in text.splitlines() if row.startswith("|") and f"`{verb}" in row), "")
        assert all(option in shown for option in re.findall(r"--[a-z]+", line) if option != "--now"), verb


def test_wrong_setting_is_named_without_its_value(earmark: Verb, tmp_path: Path) -> None:
    shown = earmark(tmp_path, "feeds", EARMARK_COUNT="many")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "EARMARK_COUNT" in shown.stderr and "many" not in shown.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["insights", "nothing.mp3"], "no file nothing.mp3"),
        (["insights", "a", "b"], "--out"),
        (["remove", "nothing"], "No podcast here is called"),
        (["serve", "telegraph"], "no platform"),
        (["add", "nothing.opml"], "nothing.opml"),
        (["ask", "why?"], "Nothing to ask yet"),
        (["retry", "read", "7"], "no read 7"),
        (["add", "http://[::1"], "isn't a valid address"),
        (["insights", "http://[::1"], "isn't a valid address"),
        (["add", "/no/list.opml"], "There is no file /no/list.opml"),
        (["export-opml", "/no/list.opml"], "/no/list.opml: No such file"),
        (["insights", "a", "--out", "/dev/null/x"], "/dev/null/x"),
        (["ask", "a", ""], "There is no question"),
    ],
)
def test_errors_are_one_line_in_words(earmark: Verb, tmp_path: Path, words: list[str], told: str) -> None:
    shown = earmark(tmp_path, *words)
    assert shown.returncode == 1
    assert told in shown.stderr and "Traceback" not in shown.stderr
    assert shown.stdout == ""


def test_one_bad_source_stops_no_other(earmark: Verb, tmp_path: Path) -> None:
    demo = "https://demo.earmark.example/feed.xml"
    shown = earmark(tmp_path, "add", "https://demo.earmark.example/none.xml", demo)
    assert shown.returncode == 1
    assert "Following Two Chairs" in shown.stdout and "none.xml" in shown.stderr


def test_the_prompt_takes_a_closed_stdin(tmp_path: Path) -> None:
    shown = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m bot serve <&-'],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EARMARK_DATA_DIR": str(tmp_path)},
        timeout=60,
    )
    assert (shown.returncode, shown.stderr) == (0, "")


def test_a_terminated_run_takes_its_worker_along(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EARMARK_DATA_DIR": str(tmp_path)},
    )
    assert running.stderr is not None
    assert running.stderr.readline().startswith("Working")
    time.sleep(1)
    running.terminate()
    # The worker holds the other end of stderr: it reads to its end only when both have ended.
    running.communicate(timeout=30)
    assert running.returncode == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who is whose child")
def test_workers_end_with_a_run_that_was_killed(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EARMARK_DATA_DIR": str(tmp_path)},
    )
    assert running.stderr is not None
    assert running.stderr.readline().startswith("Working")
    running.kill()
    # The workers hold the other end of stderr: it reads to its end only when they have ended too.
    running.communicate(timeout=30)


def test_run_refuses_to_start_without_the_key_of_what_is_sealed(earmark: Verb, tmp_path: Path) -> None:
    assert earmark(tmp_path, "add", "https://jo:hunter2hunter2@127.0.0.1/f").returncode == 1  # makes the key
    key = Fernet.generate_key().decode()
    url, sealed = Vault(key).seal("https://jo:hunter2hunter2@feeds.example/f")
    store = SqlStore.open(str(tmp_path / "earmark.db"))
    store.add_feed(Feed(url=url, sealed=sealed))
    store.close()
    shown = earmark_apart(tmp_path, "run")
    assert shown.returncode == 1 and "sealed with another key" in shown.stderr
    assert "hunter2" not in shown.stderr


def test_an_empty_variable_is_none(earmark: Verb, tmp_path: Path) -> None:
    assert earmark(tmp_path, "feeds", EARMARK_COUNT="", EARMARK_TIMEZONE="").returncode == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EARMARK_KEY", "rubbish"),
        ("EARMARK_DATA_DIR", "/dev/null/data"),
        ("EARMARK_CACHE_DIR", "/dev/null/cache"),
    ],
)
def test_doctor_says_once_what_can_not_be_used(
    earmark: Verb, tmp_path: Path, variable: str, value: str
) -> None:
    shown = earmark(tmp_path, "doctor", "--json", **{variable: value})
    broken = [row["detail"] for row in json.loads(shown.stdout) if row["verdict"] == "broken"]
    assert shown.returncode == 1 and "Traceback" not in shown.stderr
    assert len(broken) == 1 and variable in broken[0]


def test_a_bug_is_said_without_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise KeyError("https://user:password@example.com")

    monkeypatch.setattr(app, "app", broken)
    with pytest.raises(SystemExit) as ended:
        app.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "a bug (KeyError)" in said and "password" not in said


def test_a_broken_source_is_said_without_its_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(it: object, source: str, language: str) -> None:
        raise KeyError(source)

    monkeypatch.setattr(scripts, "usable", broken)
    monkeypatch.setenv("EARMARK_LOG_LEVEL", "DEBUG")
    monkeypatch.setattr(
        sys, "argv", ["earmark", "insights", "https://ann:secret@h.example/a", "b", "--out", str(tmp_path)]
    )
    with pytest.raises(SystemExit) as ended:
        app.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "2 of the sources hit a bug" in said and "b: a bug (KeyError)" in said and "secret" not in said


def test_interrupted_says_that_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(it: object, source: str, language: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scripts, "usable", interrupted)
    monkeypatch.setattr(sys, "argv", ["earmark", "transcribe", "a.mp3"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("Stopped.")


def test_lists_as_json(earmark: Verb, tmp_path: Path) -> None:
    assert json.loads(earmark(tmp_path, "feeds", "--json").stdout) == []
    status = json.loads(earmark(tmp_path, "status", "--json").stdout)
    assert set(status["waiting"]) == set(STAGES)
    assert [channel["name"] for channel in status["channels"]] == ["console"]


def test_doctor_says_what_is_missing_and_fails_when_the_bot_can_not_run(
    earmark: Verb, tmp_path: Path
) -> None:
    shown = earmark(tmp_path, "doctor", "--json")
    found = {row["what"]: row["verdict"] for row in json.loads(shown.stdout)}
    assert shown.returncode == 0
    assert found["database"] == "ok" and found["channel console"] == "note"
    broken = earmark(
        tmp_path, "doctor", EARMARK_TIMEZONE="Mars/Olympus", EARMARK_DATA_DIR=str(tmp_path / "new")
    )
    assert broken.returncode == 1
    assert "Mars/Olympus" in broken.stdout


BREAD = ROOT / "bot" / "demo" / "bread.json"


@pytest.mark.model
def test_insights_and_ask_print_json_alone_and_leave_no_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = json.loads(earmark_apart(home, "insights", str(BREAD), "--top", "2", "--json").stdout)
    assert len(made) == 2
    keys = {"headline", "text", "quote", "speaker", "start", "end", "score", "provenance"}
    assert all(set(insight) == keys for insight in made)
    said = " ".join(s["body"] for s in json.loads(BREAD.read_text(encoding="utf-8"))["segments"])
    assert all(insight["quote"] in said for insight in made)
    questions = tmp_path / "questions"
    questions.write_text(
        "Why did he stop charging a slicing fee?\nWho won the football match?\n", encoding="utf-8"
    )
    lines = earmark_apart(home, "ask", str(BREAD), "--questions", str(questions)).stdout.splitlines()
    first, second = map(json.loads, lines)
    assert set(first) == {"answer", "citations", "confidence", "found"}
    assert first["found"] and "slicing fee" in " ".join(c["quote"] for c in first["citations"])
    assert not second["found"]
    assert not home.exists()


@pytest.mark.model
def test_several_sources_go_into_files_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_bytes(BREAD.read_bytes())
    (tmp_path / "bad.mp3").write_bytes(b"")
    sources = [str(tmp_path / name) for name in ("a.json", "bad.mp3", "b.json")]
    shown = earmark_apart(tmp_path / "home", "insights", *sources, "--out", str(tmp_path))
    assert shown.returncode == 1 and "bad.mp3" in shown.stderr
    # In the sources' own folder none of them is overwritten.
    assert {"a.insights.json", "b.insights.json"} <= {file.name for file in tmp_path.iterdir()}
    assert (tmp_path / "a.json").read_bytes() == BREAD.read_bytes()
    assert len(json.loads((tmp_path / "a.insights.json").read_text(encoding="utf-8"))) == 5
