"""The larger model behind an endpoint: what is sent, what comes of it, and what goes wrong in words."""

from __future__ import annotations

import traceback

import pytest
from pydantic import SecretStr

from bot.errors import ConfigError, ModelError
from bot.write.endpoint import EndpointDrafter
from tests.chat_server import ChatServer, answer

KEY = SecretStr("sk-very-secret")


def test_each_candidate_is_one_question_with_the_key_in_its_header() -> None:
    with ChatServer(answer("White roofs cool\nThey reflect light.", 77)) as server:
        drafter = EndpointDrafter(server.url, "big-model", KEY)
        drawn = drafter.draw("What was said?", 2)
    assert [d.text for d in drawn] == ["White roofs cool\nThey reflect light."]
    assert drafter.tokens == 2 * 77 and drafter.name == "big-model"
    path, headers, question = server.asked[0]
    assert len(server.asked) == 2 and path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer sk-very-secret"
    assert question["model"] == "big-model"
    assert question["messages"] == [{"role": "user", "content": "What was said?"}]


def test_without_a_key_no_header_is_sent() -> None:
    with ChatServer(answer("A\nB")) as server:
        EndpointDrafter(server.url, "m").draw("?", 1)
    assert "authorization" not in server.asked[0][1]


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "doesn't accept the key"), (404, "usually ends in /v1"), (429, "too often"), (500, "an error")],
)
def test_refusals_are_told_without_the_key(status: int, words: str) -> None:
    with ChatServer(b'{"error": "sk-very-secret is wrong"}', status=status) as server:
        told = _failure(server.url)
    assert words in told and str(status) in told


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with ChatServer(answer("stolen")) as thief:
        elsewhere = {"Location": f"{thief.url}/chat/completions"}
        with ChatServer(b"", status=307, headers=elsewhere) as server:
            assert "307" in _failure(server.url)
    assert not thief.asked


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b'{"choices": []}', b"[1]", b'{"choices": [{"message": 1}]}']
)
def test_an_answer_of_another_kind_is_said(body: bytes) -> None:
    with ChatServer(body) as server:
        assert "not as a chat endpoint does" in _failure(server.url)


def test_an_answer_without_text_is_no_candidate_that_breaks() -> None:
    with ChatServer(
        b'{"choices": [{"message": {"content": null}}], "usage": {"total_tokens": "x"}}'
    ) as server:
        drafter = EndpointDrafter(server.url, "m")
        assert [d.text for d in drafter.draw("?", 1)] == [""] and drafter.tokens == 0


def test_an_endless_answer_is_cut_off() -> None:
    with ChatServer(b"x" * 1_200_000) as server:
        assert "more than 1 MB" in _failure(server.url)


def test_no_answer_in_time_and_nobody_there() -> None:
    with ChatServer(answer("late"), delay_s=0.5) as server:
        assert "within 0.1 s" in _failure(server.url, timeout_s=0.1)
        closed = server.url
    assert "can't be reached" in _failure(closed)


def test_a_password_in_the_address_is_refused_and_not_told() -> None:
    with pytest.raises(ConfigError, match="EARMARK_LLM_KEY") as caught:
        EndpointDrafter("http://ann:hunter2@127.0.0.1/v1", "m", KEY)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "localhost:11434", "ftp://host/v1", "http://", "http://[::1", "http://h:port"]
)
def test_what_is_no_address_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="EARMARK_LLM_URL"):
        EndpointDrafter(url, "m")


def test_it_cannot_be_held_to_words() -> None:
    with pytest.raises(ConfigError, match="EARMARK_COPYING"):
        EndpointDrafter("http://127.0.0.1/v1", "m").draw("?", 1, among={1, 2})


def _failure(url: str, timeout_s: float = 5) -> str:
    """What the error says, with all that would be printed of it; the key is nowhere in it."""
    with pytest.raises(ModelError) as caught:
        EndpointDrafter(url, "m", KEY, timeout_s=timeout_s).draw("?", 1)
    assert KEY.get_secret_value() not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)
