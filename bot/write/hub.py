"""Any chat model of the Hugging Face hub (by name) or of a folder, through transformers, as the drafter."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.domain import Rung
from bot.errors import ModelError
from bot.prompts import Decoding
from bot.write.generate import Drawn

MAX_TOKENS = 160
USUAL = Decoding(temperature=0.6, top_p=0.95)


class HubDrafter:
    """Implements Drafter and Copying with `model`, "org/name" on the hub or the path of a folder.

    `revision` is the commit, tag or branch on the hub ("": the newest). Only safetensors are loaded, and no
    code that comes with a model is run. The weights are downloaded to the hub's own cache on first use.
    `decoding` is how answers are drawn; of the likeliest one (temperature 0) there is one alone.
    Raises ModelError where they can't be had.
    """

    rung: Rung = "local"

    def __init__(
        self, model: str, revision: str = "", *, threads: int = 2, seed: int = 1, decoding: Decoding = USUAL
    ) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.decoding = decoding
        self.name = model.rstrip("/").rpartition("/")[2]
        self.tokens = self.tokens_out = 0
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                model, revision=revision or "main", trust_remote_code=False
            )
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                model,
                revision=revision or "main",
                dtype="auto",
                use_safetensors=True,
                trust_remote_code=False,
            ).eval()
        except (OSError, ValueError, ImportError) as error:
            raise ModelError(
                f"The model {self.name!r} can't be had; check its name, and whether the hub can be reached."
            ) from error
        if not self._tokenizer.chat_template:
            raise ModelError(f"The model {self.name!r} isn't made for chat; name an instruction-tuned one.")

    def pieces(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        import torch

        messages = [{"role": "user", "content": asked}]
        ids = self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        length = ids["input_ids"].shape[1]
        drawn = self.decoding
        warm: dict[str, Any] = {"temperature": drawn.temperature, "top_p": drawn.top_p}
        with torch.inference_mode():
            made = self._model.generate(
                **ids,
                max_new_tokens=MAX_TOKENS,
                do_sample=bool(drawn.temperature),
                num_return_sequences=n if drawn.temperature else 1,
                **(warm if drawn.temperature else {}),
                pad_token_id=self._tokenizer.eos_token_id,
                prefix_allowed_tokens_fn=_held_to(among, self._model.generation_config.eos_token_id),
            )
        self.tokens += length + sum(len(row) - length for row in made)
        return [Drawn(text=self._tokenizer.decode(row[length:], skip_special_tokens=True)) for row in made]


def _held_to(among: Collection[int] | None, end: Any) -> Any:
    if among is None:
        return None
    allowed = sorted({*among, *(end if isinstance(end, list) else [end])})
    return lambda _batch, _ids: allowed
