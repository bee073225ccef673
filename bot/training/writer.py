"""Trains the generative writer: `python -m bot.training.writer FOLDER --smollm2 FOLDER …` (see --help)."""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bot.prompts import prompt
from bot.training.episodes import annotated, is_validation
from bot.training.lora import HalfTuned, merge
from bot.training.writer_pairs import Pair, curated, pairs
from bot.write.gen_input import FAMILY, TURN, VARIABLES

RATE, WARMUP, BATCH = 1e-3, 12, 8
MAX_TOKENS = 460
# Held out of training to see when it no longer learns; the validation split is only reported.
HELD_OUT = 50


@dataclass(frozen=True, kw_only=True)
class Example:
    """A pair in tokens: the last `written` of `ids` are to be learned."""

    key: str
    ids: Tensor
    written: int


class Course:
    """One training: steps, checkpoints and how it stands; goes on from `out` where it was stopped."""

    def __init__(self, model: HalfTuned, out: Path, steps: int) -> None:
        self.model, self.out, self.steps, self.step = model, out, steps, 0
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
        self._kept: dict[str, Tensor] = {}
        if (out / "course.pt").is_file():
            state = torch.load(out / "course.pt", weights_only=True)
            self.step = state["step"]
            self.optimiser.load_state_dict(state["optimiser"])
            for parameter, value in zip(model.parameters(), state["adapters"], strict=True):
                parameter.data.copy_(value)

    def loss(self, example: Example) -> Tensor:
        if example.key not in self._kept:
            self._kept[example.key] = self.model.lower(example.ids).half()
        logits = self.model.logits(self._kept[example.key].float()[:-1], example.written)
        return torch.nn.functional.cross_entropy(logits, example.ids[-example.written :])

    def learn(self, batch: Sequence[Example]) -> float:
        """One step over a batch, one pair at a time; the mean loss."""
        self.model.model.train()
        total = 0.0
        for example in batch:
            loss = self.loss(example) / len(batch)
            loss.backward()
            total += loss.item()
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * pace(self.step, self.steps)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        return total

    def held_out(self, examples: Sequence[Example]) -> float:
        self.model.model.eval()
        with torch.no_grad():
            return float(sum(self.loss(e).item() for e in examples) / len(examples))

    def save(self) -> None:
        from safetensors.torch import save_file

        save_file(self.model.state(), str(self.out / f"adapters-{self.step:04}.safetensors"))
        values = [p.detach() for p in self.model.parameters()]
        state = {"step": self.step, "optimiser": self.optimiser.state_dict(), "adapters": values}
        torch.save(state, self.out / "course.new")
        (self.out / "course.new").replace(self.out / "course.pt")


def pace(step: int, steps: int) -> float:
    """The share of the learning rate: a short rise, then half a cosine down to a tenth."""
    rise = min(1.0, (step + 1) / WARMUP)
    return rise * (0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps)))))


def example(pair: Pair, tokenizer: Any) -> Example:
    asked = prompt("write", FAMILY, VARIABLES).filled(
        show=pair.show, about=", ".join(pair.about) or pair.show, passage=pair.passage
    )
    before = tokenizer(TURN.format(asked=asked), add_special_tokens=False)["input_ids"]
    after = tokenizer(f"{pair.headline}\n{pair.text}<|im_end|>", add_special_tokens=False)["input_ids"]
    return Example(key=pair.key, ids=torch.tensor(before + after), written=len(after))


def order(kinds: Sequence[Sequence[Example]], epochs: int, seed: int = 1) -> list[Example]:
    """Every pair once an epoch, always in one guise (half are plain), so that its lower half is run once."""
    rng = random.Random(seed)
    out = []
    for _ in range(epochs):
        turn = list(range(len(kinds[0])))
        rng.shuffle(turn)
        out += [kinds[(0, 1, 0, 2)[i % 4]][i] for i in turn]
    return out


def train(course: Course, lessons: Sequence[Example], epoch: int, held: Sequence[Sequence[Example]]) -> None:
    """From where the course stands to the end; a checkpoint each half epoch, held-out losses each one."""
    begun, recent = time.time(), []
    while course.step < course.steps:
        at = course.step * BATCH
        recent.append(course.learn(lessons[at : at + BATCH]))
        if course.step % 10 == 0:
            _say(step=course.step, loss=sum(recent[-10:]) / 10, seconds=time.time() - begun)
        if course.step % (epoch // 2) == 0 or course.step == course.steps:
            course.save()
            _say(step=course.step, **{f"held_out_{i}": course.held_out(h) for i, h in enumerate(held)})


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    options.out.mkdir(parents=True, exist_ok=True)
    kinds, held = _lessons(options)
    lessons = order(kinds, options.epochs)
    steps = options.steps or len(lessons) // BATCH
    course = Course(_model(options.smollm2), options.out, steps)
    train(course, lessons, len(kinds[0]) // BATCH, held)
    merged(options.smollm2, options.out / f"adapters-{course.step:04}.safetensors", options.out / "model")
    return 0


def merged(smollm2: Path, adapters: Path, target: Path) -> None:
    """Write the trained model as a folder that `EARMARK_WRITER` can name."""
    from transformers import AutoTokenizer

    model = _loaded(smollm2)
    merge(model, adapters)
    model.save_pretrained(target)
    tokenizer = AutoTokenizer.from_pretrained(smollm2, local_files_only=True)  # nosec B615 # a folder, and never the hub
    tokenizer.save_pretrained(target)


def _lessons(options: argparse.Namespace) -> tuple[list[list[Example]], list[list[Example]]]:
    """The pairs to learn, in three guises alike in order; and those held out, of training and validation."""
    from transformers import AutoTokenizer

    from bot.read.encoder import Encoder

    tokenizer = AutoTokenizer.from_pretrained(options.smollm2, local_files_only=True)  # nosec B615 # a folder
    episodes = list(annotated(options.folder))
    learned = [e for e in episodes if not is_validation(e)]
    encoder = Encoder(options.minilm, options.converted, threads=options.threads)
    kept, gone = curated(learned, encoder.encode)
    _say(kept=len(kept), **gone)
    random.Random(0).shuffle(kept)
    out = kept[:HELD_OUT]
    apart = {p.episode for p in out[:5]}
    out = [p for p in kept if p.episode in apart]
    kept = [p for p in kept if p.episode not in apart]
    guises = {
        v: {(p.episode, p.headline): p for e in learned for p in pairs(e, v)} for v in ("wide", "anonymous")
    }
    kinds = [kept] + [[g[p.episode, p.headline] for p in kept] for g in guises.values()]
    unseen = [p for e in episodes if is_validation(e) for p in list(pairs(e))[::5]]
    made = [[example(p, tokenizer) for p in k] for k in [*kinds, out, unseen]]
    fits = [i for i in range(len(kept)) if all(len(k[i].ids) <= MAX_TOKENS for k in made[:3])]
    _say(learned=len(fits), held_out=len(out), unseen=len(unseen))
    return [[k[i] for i in fits] for k in made[:3]], made[3:]


def _loaded(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(  # nosec B615 # a folder, and never the hub
        folder, dtype=torch.float32, local_files_only=True
    )


def _model(folder: Path) -> HalfTuned:
    return HalfTuned(_loaded(folder))


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.training.writer", description=__doc__)
    parser.add_argument("folder", type=Path, help="annotated episodes")
    parser.add_argument("--smollm2", type=Path, required=True, help="SmolLM2-135M-Instruct for transformers")
    parser.add_argument("--minilm", type=Path, required=True, help="MiniLM as published")
    parser.add_argument("--converted", type=Path, required=True, help="… and for CTranslate2")
    parser.add_argument("--out", type=Path, default=Path("writer"), help="checkpoints; goes on from the last")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help=f"stop after so many of {BATCH} pairs each")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(argv)


def _say(**what: float) -> None:
    sys.stdout.write(json.dumps({k: round(v, 4) for k, v in what.items()}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
