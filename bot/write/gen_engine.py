"""A small model that draws and weighs texts: through CTranslate2 int8, or transformers as the reference."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

from bot.errors import ModelError
from bot.write.gen_input import TURN
from bot.write.generate import Drawn

END = "<|im_end|>"
# Drawn from the likeliest tokens only, a little colder than they are: a small model's tail is nonsense.
TOP, TEMPERATURE = 40, 0.7
# Tokens of the longest answer: a headline of 12 words and a text of 65 take about 100.
MOST = 120


class Scorer(Protocol):
    """Says how likely given texts are after a prompt, the way the teacher of the model writes."""

    def weigh(self, asked: str, written: Sequence[str]) -> list[float]:
        """The mean log-probability a token of each text (with its end) after the prompt."""
        ...


class CTranslate2Generator:
    """The converted model in int8: `folder` holds it and its tokenizer.json. Raises ModelError without."""

    def __init__(self, folder: Path, *, name: str, threads: int = 2, seed: int = 1) -> None:
        import ctranslate2

        self.name, self.tokens = name, 0
        self._tokenizer = _tokenizer(folder)
        ctranslate2.set_random_seed(seed)
        try:
            self._model = ctranslate2.Generator(
                str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{name} can't be loaded from {folder.name}: {error}") from error

    def pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        start = self._tokenizer.encode(TURN.format(asked=asked), add_special_tokens=False).tokens
        # One-token sequences that are suppressed are a mask over the vocabulary, at every step.
        banned = None if among is None else self._but(among)
        results = self._model.generate_batch(
            [start] * n,
            max_length=MOST,
            sampling_topk=TOP,
            sampling_temperature=TEMPERATURE,
            end_token=END,
            include_prompt_in_result=False,
            return_scores=True,
            suppress_sequences=banned,
        )
        self.tokens += len(start) + sum(len(r.sequences_ids[0]) for r in results)
        drawn = [
            Drawn(text=self._tokenizer.decode(r.sequences_ids[0]).strip(), score=float(r.scores[0]))
            for r in results
        ]
        return sorted(drawn, key=lambda d: -d.score)

    def weigh(self, asked: str, written: Sequence[str]) -> list[float]:
        start = self._tokenizer.encode(TURN.format(asked=asked), add_special_tokens=False).tokens
        rows = [start + self._tokenizer.encode(t + END, add_special_tokens=False).tokens for t in written]
        self.tokens += sum(map(len, rows))
        scored = self._model.score_batch(rows, max_batch_size=8)
        kept = [r.log_probs[len(start) - 1 :] for r in scored]
        return [sum(k) / max(1, len(k)) for k in kept]

    def _but(self, among: Collection[int]) -> list[list[str]]:
        size = self._tokenizer.get_vocab_size()
        allowed = {*among, self._tokenizer.token_to_id(END)}
        return [[self._tokenizer.id_to_token(i)] for i in range(size) if i not in allowed]


class TransformersGenerator:
    """The same by transformers and torch in fp32, one text at a time: slow, and what the other is held to."""

    def __init__(self, folder: Path, *, name: str, seed: int = 1) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.manual_seed(seed)
        self.name, self.tokens = name, 0
        self._tokenizer = _tokenizer(folder)
        try:
            self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        except (OSError, ValueError) as error:
            raise ModelError(f"{name} can't be loaded from {folder.name}: {error}") from error

    def pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        start = self.pieces(TURN.format(asked=asked))
        drawn = [self._one(start, among) for _ in range(n)]
        return sorted(drawn, key=lambda d: -d.score)

    def weigh(self, asked: str, written: Sequence[str]) -> list[float]:
        import torch

        start, out = self.pieces(TURN.format(asked=asked)), []
        for text in written:
            ids = torch.tensor([start + self.pieces(text + END)])
            self.tokens += ids.shape[1]
            with torch.inference_mode():
                logs = self._model(ids).logits[0, len(start) - 1 : -1].log_softmax(-1)
            out.append(float(logs.gather(1, ids[0, len(start) :, None]).mean()))
        return out

    def _one(self, start: Sequence[int], among: Collection[int] | None) -> Drawn:
        import torch

        end = self._tokenizer.token_to_id(END)
        mask = torch.zeros(self._model.config.vocab_size)
        if among is not None:
            mask += float("-inf")
            mask[[*among, end]] = 0.0
        ids, past, total = torch.tensor([start]), None, 0.0
        written: list[int] = []
        with torch.inference_mode():
            while len(written) < MOST and (not written or written[-1] != end):
                seen = self._model(ids, past_key_values=past, use_cache=True)
                past, logs = seen.past_key_values, (seen.logits[0, -1] + mask).log_softmax(-1)
                written.append(_sampled(logs))
                total += float(logs[written[-1]])
                ids = torch.tensor([[written[-1]]])
        self.tokens += len(start) + len(written)
        return Drawn(text=self._tokenizer.decode(written).strip(), score=total / len(written))


def _sampled(logs: Any) -> int:
    import torch

    top = logs.topk(TOP)
    return int(top.indices[torch.multinomial((top.values / TEMPERATURE).softmax(-1), 1)])


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str((folder / "tokenizer.json").read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"The writer's tokenizer.json can't be read: {error.strerror}.") from error
