"""Distilling: recipes are checked, data curated for reasons, and a tiny student learns of its teacher."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.errors import ConfigError
from bot.training import curate
from bot.training.asked import Asked, asked_of
from bot.training.base import thinned
from bot.training.recipe import Recipe, of, read
from bot.training.start import changes, most_changing, spaced, states_of, warmed
from bot.training.writer import Example
from tests.test_fidelity import Characters, annotated_one

RECIPES = Path(__file__).parent.parent / "bot" / "training" / "recipes"
GOOD = (
    "Streets with white roofs were 2.4 degrees cooler than others, says Ann Roy, because roofs reflect light."
)
MORE = (
    " Trees take thirty years to grow, she says, while paint takes one afternoon,"
    " so that a whole town is cooler long before any shade."
)


def asked(n: int, text: str = GOOD + MORE, show: str = "Go Time", kind: str = "claim", **pair: Any) -> Asked:
    """The n-th pair; its headline has words of its own, so that it's no double."""
    one = asked_of([annotated_one()])[0]
    changed = replace(one.pair, episode=f"e{n}", text=text, show=show, kind=kind, **pair)
    return replace(one, pair=changed, metadata=f"{one.metadata} {show}")


def test_what_goes_for_what() -> None:
    found = curate.curated(
        [
            asked(1),
            asked(2),
            asked(3, text="Too short."),
            asked(4, text=GOOD.replace("2.4", "7.4") + MORE),
            asked(5, headline=" ".join(["roofs"] * 13)),
        ]
    )
    assert [a.pair.episode for a in found.kept] == ["e1"]
    why = {id.partition("|")[0]: reason.partition(":")[0] for id, reason in found.dropped.items()}
    assert why == {"e2": "double", "e3": "length", "e4": "unsupported", "e5": "length"}
    assert found.report() == {"kept": 1, "length": 2, "double": 1, "unsupported": 1}


def test_no_show_teaches_its_own_manner_alone() -> None:
    many = [asked(n, show="Loud") for n in range(30)] + [asked(30 + n, show=f"S{n}") for n in range(6)]
    gone = curate.balanced(many, lambda a: a.pair.show, "show")
    assert len(gone) == 20 and all(why == "show: enough of Loud" for why in gone.values())
    assert gone == curate.balanced(many, lambda a: a.pair.show, "show"), "the same by the same seed"
    assert not curate.balanced(many[-6:], lambda a: a.pair.show, "show")


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda p: p.stem)
def test_recipes_that_ship_are_whole(path: Path) -> None:
    recipe = read(path)
    assert recipe.name == path.stem
    assert read(path, steps=3, teacher=Path("x")) == replace(recipe, steps=3, teacher="x")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "x", "steps": 3, "lambda": 0.5}, "knows no “lambda”"),
        ({"steps": 3}, "“name” is missing"),
        ({"name": "x", "steps": "3"}, "“steps” is missing or wrong"),
        ({"name": "x", "steps": 3, "beta": 2}, "0 to 1"),
        ({"name": "x", "steps": 3, "learns": "by heart"}, "learns is one of"),
        ({"name": "x", "steps": 3, "texts": "mine"}, "texts is one of annotator, teacher"),
        ({"name": "x"}, "how long"),
        ({"name": "x", "steps": 3, "start": "cold"}, "start is one of spaced, changing"),
        ({"name": "x", "steps": 3, "warm": 9, "student": "base"}, "can be warmed"),
    ],
)
def test_a_recipe_that_is_wrong_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        of(values, "x.toml")


@pytest.mark.parametrize(("whole", "kept"), [(30, 15), (6, 2), (7, 7)])
def test_layers_are_spread(whole: int, kept: int) -> None:
    found = spaced(whole, kept)
    assert len(set(found)) == kept and found == sorted(found) and (found[0], found[-1]) == (0, whole - 1)
    with pytest.raises(ConfigError):
        spaced(whole, 1)


def tiny(folder: Path, layers: int = 4) -> Path:
    """A Llama of a few thousand weights and forty words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {w: n for n, w in enumerate(["<|im_end|>", "[UNK]", *(f"w{n}" for n in range(38))])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.save_pretrained(folder)
    shape = LlamaConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=0,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


def test_a_halved_model_keeps_the_layers_it_should(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    thinned(tiny(tmp_path / "whole"), tmp_path / "half", [0, 3])
    whole, half = (AutoModelForCausalLM.from_pretrained(tmp_path / n) for n in ("whole", "half"))
    assert half.config.num_hidden_layers == len(half.model.layers) == 2
    for at, of_whole in ((0, 0), (1, 3)):
        assert torch.equal(
            half.model.layers[at].mlp.up_proj.weight, whole.model.layers[of_whole].mlp.up_proj.weight
        )
    out = half.generate(torch.tensor([[3, 4, 5]]), max_new_tokens=4, do_sample=False)
    assert out.shape[1] > 3, "its memory of what it read has as many layers"


def lessons_for() -> list[Example]:
    return [Example(key=str(n), ids=torch.tensor([5, 6, 7, 8 + n, 9, 10, 0]), written=4) for n in range(8)]


def test_the_layers_that_change_least_go(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny(tmp_path / "t", layers=6)).eval()
    with torch.no_grad():
        for at in (2, 3):  # these two pass on what they are given
            model.model.layers[at].mlp.down_proj.weight.zero_()
            model.model.layers[at].self_attn.o_proj.weight.zero_()
    turned = changes(model, lessons_for())
    assert max(turned[2], turned[3]) < 1e-5 < min(turned[0], turned[1], turned[4], turned[5])
    assert most_changing(model, lessons_for(), 4) == [0, 1, 4, 5]
    with pytest.raises(ConfigError):
        most_changing(model, lessons_for(), 7)


def test_states_are_those_of_the_model_itself(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny(tmp_path / "t")).eval()
    ids = lessons_for()[0].ids
    with torch.no_grad():
        logits = model.lm_head(model.model.norm(states_of(model, ids)[-1]))
        assert torch.allclose(logits, model(ids[None]).logits[0], atol=1e-5)


def test_a_warmed_student_does_what_the_left_out_layers_did(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = tiny(tmp_path / "t", layers=5)
    thinned(folder, tmp_path / "s", [0, 2, 4])
    teacher, student = (AutoModelForCausalLM.from_pretrained(p) for p in (folder, tmp_path / "s"))
    missed = warmed(student, teacher, [0, 2, 4], lessons_for(), 1400)
    assert missed[-1] < 0.7 * missed[0], "it comes nearer"
    assert len(missed) == 1400 // 7, "and ends with its tokens"


@pytest.mark.parametrize("lmbda", [0.0, 1.0])
@pytest.mark.parametrize("learns", ["probabilities", "texts"])
def test_a_student_comes_nearer_to_its_teacher(tmp_path: Path, learns: str, lmbda: float) -> None:
    pytest.importorskip("trl", reason="needs the extra [train]")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from bot.training.distill_trl import learn

    folder = tiny(tmp_path / "t")
    thinned(folder, tmp_path / "s", spaced(4, 2))
    teacher, student = (AutoModelForCausalLM.from_pretrained(p) for p in (folder, tmp_path / "s"))
    lessons = [
        Example(key=str(n), ids=torch.tensor([5, 6, 7, 8 + n, 9, 10, 0][n % 2 :]), written=4)
        for n in range(8)
    ]
    recipe = Recipe(
        name="tiny", learns=learns, lmbda=lmbda, beta=lmbda, tokens=1500, batch=4, rate=3e-3, longest=32
    )

    def distance() -> float:
        ids = torch.stack([e.ids for e in lessons if len(e.ids) == 7])
        with torch.no_grad():
            p, q = (m(ids).logits[:, -5:-1].log_softmax(-1) for m in (teacher, student))
        if learns == "texts":
            return float(-q.gather(-1, ids[:, -4:, None]).mean())
        return float((p.exp() * (p - q)).sum(-1).mean())

    before = distance()
    found = learn(
        student, teacher, AutoTokenizer.from_pretrained(folder), lessons, recipe, tmp_path / "scratch"
    )
    assert distance() < 0.8 * before
    assert 1500 <= found["tokens"] < 1600, "training ends with its tokens"
    assert len(found["losses"]) == found["steps"]


@pytest.mark.parametrize(("steps", "tokens", "made"), [(3, 0, 3), (3, 9000, 3), (900, 100, 5)])
def test_learning_ends_with_its_steps_or_its_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], steps: int, tokens: int, made: int
) -> None:
    pytest.importorskip("trl", reason="needs the extra [train]")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from bot.training.distill_trl import learn

    folder = tiny(tmp_path / "t")
    student = AutoModelForCausalLM.from_pretrained(folder)
    recipe = Recipe(name="tiny", learns="texts", steps=steps, tokens=tokens, batch=1, rate=3e-3)
    lessons = [replace(one, ids=one.ids.repeat(3)) for one in lessons_for()]
    found = learn(student, student, AutoTokenizer.from_pretrained(folder), lessons, recipe, tmp_path / "s")
    assert found["steps"] == made
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Step ")]
    assert len(said) == made and said[0].startswith("Step 1, 21 tokens: loss ")


def test_a_small_folder_is_learnt_from_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("accelerate", reason="needs the extra [train]")
    from bot.training.distill import lessons_of

    few, wish = [asked(n) for n in range(3)], Recipe(name="r", steps=1, batch=2, pairs=200, longest=10_000)
    assert len(lessons_of(few, Characters(), wish)) == 3
    assert "wants 200 pairs; it learns from the 3 there are" in capsys.readouterr().err
    assert len(lessons_of(few, Characters(), replace(wish, pairs=2))) == 2
    with pytest.raises(ConfigError, match="1 pairs are left after curation, and a step takes 2"):
        lessons_of(few[:1], Characters(), wish)


def test_a_batch_hides_the_question_and_the_padding() -> None:
    pytest.importorskip("accelerate", reason="needs the extra [train]")
    from bot.training.distill_trl import IGNORED, batch_of

    rows = [{"ids": [1, 2, 3, 4], "written": 2}, {"ids": [5, 6, 7], "written": 1}]
    made = batch_of(rows, 0, prompts=True)
    assert made["labels"].tolist() == [[IGNORED, IGNORED, 3, 4], [IGNORED, IGNORED, 7, IGNORED]]
    assert made["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert made["prompts"].tolist() == [[1, 2], [5, 6]]
    left = batch_of([{"ids": [1, 2, 3], "written": 2}, rows[1]], 0, prompts=True)
    assert left["prompts"].tolist() == [[0, 1], [5, 6]] and left["prompt_attention_mask"][0].tolist() == [
        0,
        1,
    ]


def test_the_teacher_retells_the_same_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("accelerate", reason="needs the extra [train]")
    from bot.training import distill

    class Teacher:
        tokenizer = type("T", (), {"convert_tokens_to_ids": lambda self, token: 99})()

        def written(self, ids: list[int]) -> list[int]:
            return [ids[0] + 1, ids[0] + 2]

    monkeypatch.setattr(distill, "Ct2Cousin", lambda folder: Teacher())
    lessons = [Example(key=str(n), ids=torch.tensor([n, 5, 6, 7]), written=2) for n in (10, 20)]
    made = distill.retold(lessons, tmp_path)
    assert [e.ids.tolist() for e in made] == [[10, 5, 11, 12, 99], [20, 5, 21, 22, 99]]
    assert [e.written for e in made] == [3, 3]
