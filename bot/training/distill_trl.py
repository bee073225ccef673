"""Training a student with TRL: its GKD trainer for probabilities, transformers' own for texts."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from bot.training.recipe import Recipe
from bot.training.writer import Example

IGNORED = -100
Rows = list[dict[str, Any]]


def batch_of(rows: Sequence[Mapping[str, Any]], end: int, *, prompts: bool) -> dict[str, Tensor]:
    """Examples as one batch, padded on the right; only what is to be written counts.

    With `prompts` also what the student is asked alone, padded on the left as generation wants it.
    """
    ids = [torch.tensor(r["ids"]) for r in rows]
    labels = [
        torch.tensor([IGNORED] * (len(r["ids"]) - r["written"]) + r["ids"][-r["written"] :]) for r in rows
    ]
    mask = [torch.ones(len(i), dtype=torch.long) for i in ids]
    made = {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=end),
        "attention_mask": pad_sequence(mask, batch_first=True),
        "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORED),
    }
    if prompts:
        asked = [i[: -r["written"]].flip(0) for i, r in zip(ids, rows, strict=True)]
        real = [torch.ones(len(a), dtype=torch.long) for a in asked]
        made["prompts"] = pad_sequence(asked, batch_first=True, padding_value=end).flip(1)
        made["prompt_attention_mask"] = pad_sequence(real, batch_first=True).flip(1)
    return made


class Budget(TrainerCallback):  # type: ignore[misc]
    """Counts the tokens that went through the student, and ends training at `most` (0: never); says how
    it goes, a line a step."""

    def __init__(self, most: int) -> None:
        self.most, self.tokens = most, 0

    def seen(self, batch: Mapping[str, Tensor]) -> None:
        self.tokens += int(batch["attention_mask"].sum())

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        if self.most and self.tokens >= self.most:  # never False: the last step may have said so already
            control.should_training_stop = True
        return control

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "loss" in (logs or {}):
            sys.stderr.write(f"Step {state.global_step}, {self.tokens} tokens: loss {logs['loss']:.3f}\n")


def learn(
    student: Any, teacher: Any, tokenizer: Any, lessons: Sequence[Example], recipe: Recipe, scratch: Path
) -> dict[str, Any]:
    """Train `student` in place; how many steps and tokens that took, and the losses on the way."""
    random.seed(recipe.seed)  # TRL tosses it for which batch is on-policy
    budget = Budget(recipe.tokens)
    rows = [{"ids": e.ids.tolist(), "written": e.written} for e in lessons]
    # TRL warns that GKD is experimental, which is why its version is pinned, and of names to come.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = MAKE[recipe.learns](student, teacher, tokenizer, rows, recipe, scratch, budget)
        trainer.remove_callback(PrinterCallback)  # it prints dictionaries
        _count(trainer, budget)
        trainer.train()
    losses = [round(entry["loss"], 4) for entry in trainer.state.log_history if "loss" in entry]
    return {"steps": trainer.state.global_step, "tokens": budget.tokens, "losses": losses}


def _count(trainer: Any, budget: Budget) -> None:
    """Tokens are counted where the loss is taken: what the student wrote itself is counted as it stands."""
    inner = trainer.compute_loss

    def counted(model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        budget.seen(inputs)
        return inner(model, inputs, *rest, **named)

    trainer.compute_loss = counted


def _of_texts(
    student: Any, _: Any, tokenizer: Any, rows: Rows, recipe: Recipe, scratch: Path, budget: Budget
) -> Any:
    end = tokenizer.eos_token_id
    arguments = TrainingArguments(**_arguments(recipe, scratch))
    return Trainer(
        model=student,
        args=arguments,
        train_dataset=rows,
        data_collator=lambda batch: batch_of(batch, end, prompts=False),
        callbacks=[budget],
    )


def _of_probabilities(
    student: Any, teacher: Any, tokenizer: Any, rows: Rows, recipe: Recipe, scratch: Path, budget: Budget
) -> Any:
    from datasets import Dataset
    from trl.experimental.gkd import GKDConfig, GKDTrainer

    end = tokenizer.eos_token_id
    arguments = GKDConfig(
        **_arguments(recipe, scratch),
        lmbda=recipe.lmbda,
        beta=recipe.beta,
        temperature=recipe.temperature,
        max_new_tokens=110,
        max_length=None,
    )
    return GKDTrainer(
        model=student,
        teacher_model=teacher,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        data_collator=lambda batch: batch_of(batch, end, prompts=True),
        callbacks=[budget],
    )


MAKE: Mapping[str, Callable[..., Any]] = {"texts": _of_texts, "probabilities": _of_probabilities}


def _arguments(recipe: Recipe, scratch: Path) -> dict[str, Any]:
    return {
        "output_dir": str(scratch),
        "per_device_train_batch_size": recipe.batch,
        "max_steps": recipe.steps or 100_000,
        "learning_rate": recipe.rate,
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": 4,
        "weight_decay": 0.01,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
        "gradient_checkpointing": False,
        "bf16": False,
        "seed": recipe.seed,
    }


def shuffled(lessons: Sequence[Example], seed: int) -> Iterator[Example]:
    yield from random.Random(seed).sample(list(lessons), len(lessons))
