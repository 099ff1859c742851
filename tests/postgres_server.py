"""A real PostgreSQL server for tests, from the binaries of this machine; skipped with a reason where there are none."""

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
    server, setup = shutil.which("postgres"), shutil.which("initdb")
    if server is None or setup is None:
        pytest.skip("no PostgreSQL server is installed here")
    if find_spec("asyncpg") is None:
        pytest.skip("asyncpg is not installed: pip install 'tastemaker[postgres]'")
    user = "nobody" if os.getuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="tm-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = Path(folder) / "data"
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
