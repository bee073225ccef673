"""Language models that are compared: the same weights by transformers in fp32, or by CTranslate2 in int8."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.errors import ConfigError, ModelError
from bot.malloc import give_back

Floats = NDArray[np.float32]
T = TypeVar("T")
MOST_NEW = 120
END = "<|im_end|>"


class Cousin(Protocol):
    """A model that can be asked for its probabilities; `memory_bytes` is what loading it took."""

    name: str
    memory_bytes: int
    tokenizer: Any

    def told(self, ids: Sequence[int], last: int) -> Floats:
        """Log-probabilities of each of the `last` of `ids`, given all before it: (last, vocabulary)."""
        ...

    def written(self, ids: Sequence[int]) -> list[int]:
        """What it most probably writes after `ids` (greedy), without the end."""
        ...


class TransformersCousin:
    """A folder by transformers and torch, fp32."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.name = f"{folder.name} fp32"
        self.tokenizer = tokenizer_of(folder)
        before = resident_bytes()
        self._model: Any = AutoModelForCausalLM.from_pretrained(  # nosec B615 # a folder, and never the hub
            folder, dtype=torch.float32, local_files_only=True
        ).eval()
        self._end = self.tokenizer.convert_tokens_to_ids(END)
        self.told(list(range(8)), 4)  # the weights are mapped: only reading them takes memory
        self.memory_bytes = resident_bytes() - before

    def told(self, ids: Sequence[int], last: int) -> Floats:
        import torch

        with torch.inference_mode():
            made = self._model(torch.tensor([list(ids)]), logits_to_keep=last + 1).logits[0, :-1]
            out: Floats = made.float().log_softmax(dim=-1).numpy()
        return out

    def written(self, ids: Sequence[int]) -> list[int]:
        import torch

        given = torch.tensor([list(ids)])
        with torch.inference_mode():
            made = self._model.generate(
                given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=MOST_NEW,
                do_sample=False,
                eos_token_id=self._end,
                pad_token_id=self._end,
            )
        return [int(i) for i in made[0, len(ids) :] if i != self._end]


class Ct2Cousin:
    """A folder by CTranslate2, int8, converted on the way."""

    def __init__(self, folder: Path) -> None:
        import ctranslate2

        self.name = f"{folder.name} int8"
        self.tokenizer = tokenizer_of(folder)
        with TemporaryDirectory() as scratch:
            converted(folder, Path(scratch) / "int8")
            before = resident_bytes()
            self._model: Any = ctranslate2.Generator(
                str(Path(scratch) / "int8"), compute_type="int8", intra_threads=1
            )
        self.memory_bytes = resident_bytes() - before

    def told(self, ids: Sequence[int], last: int) -> Floats:
        out = self._model.forward_batch([list(ids)], return_log_probs=True)
        told: Floats = np.asarray(out)[0, -last - 1 : -1].astype(np.float32)
        return told

    def written(self, ids: Sequence[int]) -> list[int]:
        return self.drawn(ids, 1)[0]

    def drawn(self, ids: Sequence[int], n: int, **decoding: float) -> list[list[int]]:
        """`n` answers; `decoding`: CTranslate2's `sampling_temperature`, … (greedy without)."""
        out = self._model.generate_batch(
            [self.tokenizer.convert_ids_to_tokens(list(ids))],
            max_length=MOST_NEW,
            include_prompt_in_result=False,
            num_hypotheses=n,
            end_token=END,
            **decoding,
        )
        return [list(ids) for ids in out[0].sequences_ids]


MEANS: Mapping[str, Callable[[Path], Cousin]] = {"fp32": TransformersCousin, "int8": Ct2Cousin}


def loaded(name: str, smollm2: Callable[[], Path]) -> Cousin:
    """“FOLDER”, “FOLDER:int8”, “smollm2”, “smollm2:int8”; ConfigError where that names nothing."""
    where, means = split(name)
    folder = smollm2() if where == "smollm2" else Path(where)
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{where} is no folder with a language model (config.json, model.safetensors).")
    return MEANS[means](folder)


def split(name: str) -> tuple[str, str]:
    """Where a model is and how it is run, fp32 unless said."""
    where, colon, means = name.rpartition(":")
    if not colon or os.sep in means:
        return name, "fp32"
    if means not in MEANS:
        raise ConfigError(f"A model runs as {' or '.join(MEANS)}, not “{means}”.")
    return where, means


def tokenizer_of(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)  # nosec B615 # a folder, and never the hub


def converted(folder: Path, target: Path) -> None:
    """Write the CTranslate2 int8 form of a transformers folder; ModelError where that can't be done."""
    from ctranslate2.converters import TransformersConverter
    from transformers.utils import logging

    logging.set_verbosity_error()  # the converter passes an argument by its old name
    logging.disable_progress_bar()
    try:
        TransformersConverter(str(folder)).convert(str(target), quantization="int8")
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{folder.name} can't be converted: {error}") from error


def resident_bytes() -> int:
    """What this process holds in memory now; its peak where the system doesn't say.

    What was freed is given back first: malloc keeps it, and a model loaded after another would seem to take
    next to nothing.
    """
    gc.collect()
    give_back()
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and the seconds of this process's processors: others on the machine don't count."""
    begun = time.process_time()
    return work(), time.process_time() - begun
