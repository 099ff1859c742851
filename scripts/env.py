"""Make the project's virtual environments from its lock files, once each, and print their Python.

An environment holds the dependencies only, under a name made of the lock file's hash, so that checkouts can share it; the
checkout itself, and metadata written from its ``pyproject.toml``, are put on ``PYTHONPATH``. Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "scripts" / "locks"
MARKER = ".complete"
LOCKS = {
    "app": ("langserve", "bench", "ocr", "music", "langchain", "mcp", "agui", "telemetry", "trust"),
    "dev": ("dev", "docs", "postgres", "privacy"),
    "train": ("train",),
}  # lock -> extras of pyproject.toml it adds
CACHED = ("venvs", "metadata", "weights", "models", "onnx", "vllm")
HEADER = "# Exact versions for Python 3.11 and later on Linux and macOS, made by `scripts/env.sh lock`; do not edit by hand.\n"
SAY_EVERY_S = 15.0
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


USAGE = """usage: scripts/env.sh COMMAND
  python app|dev|train            make the environment if it is missing and print its Python
  run app|dev|train ARGUMENT...   run that Python with this checkout importable
  lock                      resolve the dependencies again and write scripts/locks/*.lock
  clean [yes]               remove environments and weights from the user's cache, after asking"""


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status."""
    match arguments:
        case ["python", ("app" | "dev" | "train") as name]:
            sys.stdout.write(f"{ensure(name)}\n")
        case ["run", ("app" | "dev" | "train") as name, *rest]:
            python = str(ensure(name))
            os.execve(python, [python, *rest], environ())  # noqa: S606  # our own Python
        case ["lock"]:
            write_locks()
        case ["clean", *answer] if answer in ([], ["yes"]):
            return clean(confirmed=bool(answer))
        case _:
            say(USAGE)
            return 2
    return 0


def environ() -> dict[str, str]:
    """Return the environment in which this checkout is importable and known to ``importlib.metadata``.

    Bytecode is kept, whatever the caller's environment says: without it each process compiles 800 modules anew, and each run of the
    tests rewrites theirs.
    """
    paths = [str(ROOT / "src"), str(metadata_folder()), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def metadata_folder() -> Path:
    """Write what an installation would record of ``pyproject.toml`` (name, version, requirements), and return its folder."""
    content = (ROOT / "pyproject.toml").read_bytes()
    folder = cache() / "metadata" / hashlib.sha256(content).hexdigest()[:12]
    if folder.is_dir():
        return folder
    project = tomllib.loads(content.decode("utf-8"))["project"]
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    for extra, requirements in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        record = Path(work) / "new" / f"{project['name']}-{project['version']}.dist-info"
        record.mkdir(parents=True)
        (record / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        with contextlib.suppress(OSError):  # another run was faster
            record.parent.rename(folder)
    return folder


def ensure(name: str) -> Path:
    """Return the Python of the complete environment ``name``, making it first where it is missing."""
    lock = REQUIREMENTS / f"{name}.lock"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = cache() / "venvs" / f"{name}-py{version}-{digest}"
    python = folder / "bin" / "python"
    if (folder / MARKER).is_file() and os.access(python, os.X_OK):
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another run is making the {name} environment; waiting for it")
            fcntl.flock(guard, fcntl.LOCK_EX)
        if not ((folder / MARKER).is_file() and os.access(python, os.X_OK)):
            make(folder, lock)
    return python


def cache() -> Path:
    """Return the project's cache folder, as ``core/settings/__init__.py`` finds it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("TASTEMAKER_CACHE") or Path(base) / "tastemaker").expanduser().resolve()


def clean(confirmed: bool) -> int:
    """Remove what the project keeps in its cache folder, by name, after the user said yes; return the exit status."""
    found = [path for name in CACHED if (path := cache() / name).is_dir()]
    if not found:
        say(f"nothing to remove in {cache()}")
        return 0
    say("this removes:\n" + "\n".join(f"  {path}" for path in found))
    if not confirmed:
        say("type yes to go on:")
        if not sys.stdin.isatty() or sys.stdin.readline().strip() != "yes":
            say("nothing was removed (without a keyboard: make clean-cache CONFIRM=yes)")
            return 1
    for path in found:
        shutil.rmtree(path)
    say("removed")
    return 0


def make(folder: Path, lock: Path) -> None:
    """Make the environment ``folder`` from ``lock``; what an interrupted run left is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    log = folder.with_name(folder.name + ".log")
    began = time.monotonic()
    count = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    say(f"making the environment for {lock.name} ({count} packages, a few minutes, once; log: {log})")
    run([sys.executable, "-m", "venv", str(folder)], log)
    run([str(folder / "bin" / "python"), *PIP, "install", "-r", str(lock)], log)
    (folder / MARKER).write_text(f"{lock.name}\n", encoding="utf-8")
    say(f"environment ready after {time.monotonic() - began:.0f} s")


def write_locks() -> None:
    """Resolve the dependencies of ``pyproject.toml`` in a clean environment and write the lock files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = list(project["dependencies"])
    with tempfile.TemporaryDirectory() as work:
        python = Path(work) / "venv" / "bin" / "python"
        log = Path(work) / "log"
        run([sys.executable, "-m", "venv", str(python.parent.parent)], log)
        for name, added in LOCKS.items():
            wanted += [requirement for extra in added for requirement in extras[extra]]
            say(f"resolving {name}.lock")
            run([str(python), *PIP, "install", *wanted], log)
            ignored = ["--exclude", "pip", *(["--exclude", "setuptools"] if name == "app" else [])]
            frozen = subprocess.run(  # noqa: S603  # our own command
                [str(python), *PIP, "freeze", "--all", *ignored], capture_output=True, text=True, check=True
            )
            (REQUIREMENTS / f"{name}.lock").write_text(HEADER + frozen.stdout, encoding="utf-8")


def run(command: list[str], log: Path) -> None:
    """Run ``command`` with its output in ``log`` and a sign of life now and then; end the process if it fails."""
    with log.open("a", encoding="utf-8") as out:
        process = subprocess.Popen(  # noqa: S603  # our own command
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        done = threading.Event()
        began = time.monotonic()

        def report() -> None:
            while not done.wait(SAY_EVERY_S):
                say(f"  still installing ({time.monotonic() - began:.0f} s)")

        threading.Thread(target=report, daemon=True).start()
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            done.set()
    if status:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        say("\n".join(errors[-5:]))
        raise SystemExit(f"error: {' '.join(command[:5])} ... failed; the whole log is {log}")


def say(text: str) -> None:
    """Write one line on standard error; standard output is for the answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
