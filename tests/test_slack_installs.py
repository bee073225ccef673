"""Installations are kept sealed, one a workspace; an OAuth state works once, and not for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

from slack_sdk.oauth.installation_store import Bot, Installation

from adapters.slack.installs import OnceStates, SealedInstallations, bot_of
from bot.secrets import SealedSecrets
from bot.store.memory import MemoryStore
from bot.vault import Vault
from tests.fakes import FakeClock

TOKEN = "xoxb-very-secret"


def secrets_in(folder: Path, store: MemoryStore) -> SealedSecrets:
    return SealedSecrets(Vault(key_file=folder / "key"), store)


def installed(team: str, token: str = TOKEN) -> Installation:
    return Installation(
        app_id="A1", team_id=team, team_name="Team", user_id="U1", bot_token=token, bot_id="B1",
        bot_user_id="UB1", bot_scopes=["chat:write", "commands"], installed_at=1_795_000_000.0,
    )  # fmt: skip


def find(kept: SealedInstallations, team: str) -> Bot | None:
    return asyncio.run(kept.async_find_bot(enterprise_id=None, team_id=team))


def test_a_workspaces_bot_comes_back_whole_and_is_never_stored_in_the_clear(tmp_path: Path) -> None:
    store = MemoryStore()
    kept = SealedInstallations(secrets_in(tmp_path, store))
    asyncio.run(kept.async_save(installed("T1")))
    found = find(kept, "T1")
    assert found is not None
    assert (found.bot_token, found.bot_user_id, found.bot_scopes) == (
        TOKEN,
        "UB1",
        ["chat:write", "commands"],
    )
    assert find(kept, "T2") is None
    sealed = [store.secret(name) or "" for name in store.secrets("")]
    assert sealed and all(TOKEN not in text for text in sealed)


def test_installing_again_replaces_the_token_of_that_workspace_alone(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path, MemoryStore())
    kept = SealedInstallations(secrets)
    for team, token in (("T1", "xoxb-1"), ("T2", "xoxb-2"), ("T1", "xoxb-3")):
        asyncio.run(kept.async_save(installed(team, token)))
    tokens = [found.bot_token for team in ("T1", "T2") if (found := bot_of(secrets, team))]
    assert tokens == ["xoxb-3", "xoxb-2"]


def test_what_uninstalls_leaves_nothing_and_the_others_alone(tmp_path: Path) -> None:
    kept = SealedInstallations(secrets_in(tmp_path, MemoryStore()))
    for team in ("T1", "T2"):
        asyncio.run(kept.async_save(installed(team)))
    asyncio.run(kept.async_delete_installation(enterprise_id=None, team_id="T1", user_id="U1"))
    assert find(kept, "T1") is not None  # one person's consent is not the workspace's
    asyncio.run(kept.async_delete_all(enterprise_id=None, team_id="T1"))
    assert find(kept, "T1") is None and find(kept, "T2") is not None


def test_an_organisations_installation_is_its_own(tmp_path: Path) -> None:
    kept = SealedInstallations(secrets_in(tmp_path, MemoryStore()))
    whole = installed("T1").to_dict_for_copying() | {"team_id": None, "enterprise_id": "E1"}
    asyncio.run(kept.async_save(Installation(**whole)))
    found = asyncio.run(kept.async_find_bot(enterprise_id="E1", team_id="T9", is_enterprise_install=True))
    assert found is not None and find(kept, "T9") is None


def test_a_state_works_once_and_for_ten_minutes() -> None:
    clock, store = FakeClock(), MemoryStore()
    states = OnceStates(store, clock)
    first, second = asyncio.run(states.async_issue()), asyncio.run(states.async_issue())
    assert first != second and len(first) >= 43
    assert asyncio.run(states.async_consume(first))
    assert not asyncio.run(states.async_consume(first))
    assert not asyncio.run(states.async_consume("made-up"))
    clock.forward(minutes=11)
    assert not asyncio.run(states.async_consume(second))
