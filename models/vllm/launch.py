"""Decide how vLLM is started: command line and environment for a model, with or without a GPU. Pure functions.

On a CPU the engine runs its worker in its own process (one import of torch less: half of the start-up time), and its
threads sleep rather than spin when they wait: spinning collapses as soon as anything else wants a core.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ...core.settings import Settings
from ..slots import slot_id, split_id

KV_CACHE_GIB = 2
CPU_SEQUENCES = 16
CPU_QUEUE = 64
CPU_BLOCK_TOKENS = 32
"""Tokens of a prefix-cache block: the CPU's default of 128 leaves up to 127 tokens of a shared prefix uncached."""
COMPACT_JSON = '{"backend": "xgrammar", "disable_any_whitespace": true}'
"""Small models otherwise spend tokens on the white space that JSON allows between its parts."""
REASONING_PARSERS = (("qwen3", "qwen3"), ("deepseek-r1", "deepseek_r1"), ("gpt-oss", "openai_gptoss"))
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
CPU_ENVIRON = {
    "VLLM_CPU_KVCACHE_SPACE": str(KV_CACHE_GIB),
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_WAIT_POLICY": "passive",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """A command, and what to add to the environment it runs in."""

    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)


def served_name(model_id: str) -> str:
    """Return the name that requests use: what stands after the kind of ``vllm:NAME``; for a folder, its last part."""
    _, name = split_id(model_id, "llm")
    return Path(name).name if name.startswith(("/", ".", "~")) else name


TOOL_PARSER = "hermes"
"""The tool-call format of Qwen and of most small models, for other clients of the server; the graph makes no tool calls."""


def reasoning_parser(model_id: str) -> str | None:
    """Return vLLM's reasoning parser for a model that thinks before it answers, else None."""
    name = model_id.lower()
    if "instruct-2507" in name:
        return None
    return next((parser for key, parser in REASONING_PARSERS if key in name), None)


def vllm_launch(settings: Settings, python: Path, model: Path, *, gpu: bool) -> Launch:
    """Return how to serve ``model`` (a folder, or a hub id) under its served name."""
    llm, name = settings.llm, slot_id(settings, "llm")
    command = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", served_name(name), "--host", llm.host, "--port", str(llm.port)]
    command += ["--max-model-len", str(llm.max_model_len), "--enable-prefix-caching", "--enable-prompt-tokens-details"]
    command += ["--disable-uvicorn-access-log", "--enable-auto-tool-choice", "--tool-call-parser", TOOL_PARSER]
    parser = reasoning_parser(name)
    if parser:
        command += ["--reasoning-parser", parser]
    if not gpu:
        command += ["--enforce-eager", "--distributed-executor-backend", "uni", "--dtype", cpu_dtype(_cpu_flags())]
        command += ["--max-num-seqs", str(CPU_SEQUENCES), "--max-num-queued-reqs", str(CPU_QUEUE)]
        command += ["--block-size", str(CPU_BLOCK_TOKENS), "--structured-outputs-config", COMPACT_JSON]
    return Launch(tuple(command), _environ(settings, local=model.is_dir(), gpu=gpu))


def cpu_dtype(flags: frozenset[str]) -> str:
    """Return the number format that suits a processor: bfloat16 where it computes in it, else float32.

    Without such instructions bfloat16 is emulated: four times slower with SmolLM2-135M on AVX2.
    """
    return "bfloat16" if flags & BF16_FLAGS else "float32"


def _cpu_flags() -> frozenset[str]:
    """Return the processor's features; those of one with bfloat16 where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return BF16_FLAGS
    found = next((line.partition(":")[2] for line in lines if line.lower().startswith(("flags", "features"))), "")
    return frozenset(found.split()) or BF16_FLAGS


def _environ(settings: Settings, *, local: bool, gpu: bool) -> dict[str, str]:
    """Return what the server's environment must hold; CPU tuning that the user has set already is left alone."""
    environ = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    environ["VLLM_CACHE_ROOT"] = str(settings.cache / "vllm")
    environ["PYTHONNOUSERSITE"] = "1"
    if local:
        environ["HF_HUB_OFFLINE"] = "1"
    key = settings.llm.api_key.get_secret_value()
    if key:
        environ["VLLM_API_KEY"] = key
    if not gpu:
        tuning = {**CPU_ENVIRON, "OMP_NUM_THREADS": str(settings.models.threads or len(os.sched_getaffinity(0)))}
        environ |= {name: value for name, value in tuning.items() if name not in os.environ}
    return environ
