"""Start, recognise, restart and end detached server processes, and remember them in a small state file."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ...core.schemas import Frozen

POLL_S = 0.1
GRACE_S = 10.0
BACK_OFF_S = (1.0, 2.0, 5.0, 15.0, 30.0)
SETTLED_S = 60.0


class ProcessRef(Frozen):
    """A process by number and by the moment it started, so that a number used again is not taken for it."""

    pid: int
    identity: str


class ServerState(Frozen):
    """What is known of a started server. ``restarts`` counts what the supervisor did since ``started_at`` (Unix seconds)."""

    model: str
    host: str
    port: int
    log: str
    started_at: float
    server: ProcessRef | None = None
    supervisor: ProcessRef | None = None
    restarts: int = 0


def read_state(path: Path) -> ServerState | None:
    """Return the state kept in ``path``, or None when there is none that can be read."""
    try:
        return ServerState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_state(path: Path, state: ServerState) -> None:
    """Replace the state file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(state.model_dump_json(indent=1), encoding="utf-8")
    temporary.replace(path)


def identify(pid: int) -> ProcessRef:
    """Return a reference to the process ``pid`` as it is now; its identity is empty when it is gone."""
    return ProcessRef(pid=pid, identity=_identity(pid))


def is_alive(process: ProcessRef | None) -> bool:
    """Return whether ``process`` still runs; a zombie does not."""
    if process is None:
        return False
    reap(process.pid)
    return bool(process.identity) and _identity(process.pid) == process.identity


def reap(pid: int) -> None:
    """Take the exit status of ``pid`` if it is a child of ours that has ended."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def spawn(command: Sequence[str], environ: Mapping[str, str], log: Path) -> ProcessRef:
    """Start ``command`` detached: a session and process group of its own, no input, output appended to ``log``.

    Raises:
        OSError: the program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawn(command[0], list(command), dict(environ), file_actions=actions, setsid=True)
    return identify(pid)


def end_group(process: ProcessRef | None, grace_s: float = GRACE_S) -> None:
    """End the process group that ``process`` leads: SIGTERM, then SIGKILL for what is left after ``grace_s`` seconds.

    Nothing is done when the number now belongs to another process.
    """
    if process is None or not _is_ours(process):
        return
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, grace_s)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            return
        if wait_until_gone(process, wait_s):
            return


def wait_until_gone(process: ProcessRef, timeout_s: float) -> bool:
    """Wait until no process of the group led by ``process`` runs; return False when some still do after ``timeout_s``."""
    end = time.monotonic() + timeout_s
    while _group_runs(process.pid):
        reap(process.pid)
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    reap(process.pid)
    return True


def supervise(command: Sequence[str], state_path: Path, log: Path, stop: threading.Event) -> int:
    """Run ``command`` and start it again when it dies, ever more slowly, until ``stop`` is set; return an exit status.

    A run shorter than SETTLED_S counts as a failure; after as many failures in a row as there are steps in BACK_OFF_S the
    supervisor gives up with status 1.
    """
    failures = restarts = 0
    while not stop.is_set():
        began = time.monotonic()
        child = spawn(command, os.environ, log)
        _record(state_path, child, restarts)
        while is_alive(child) and not stop.wait(POLL_S):
            pass
        end_group(child)
        if stop.is_set():
            break
        failures = failures + 1 if time.monotonic() - began < SETTLED_S else 1
        if failures > len(BACK_OFF_S):
            sys.stderr.write("supervisor: the server keeps dying, giving up\n")
            return 1
        delay_s = BACK_OFF_S[failures - 1]
        sys.stderr.write(f"supervisor: the server died, starting it again in {delay_s:g} s\n")
        stop.wait(delay_s)
        restarts += 1
    return 0


def _record(path: Path, child: ProcessRef, restarts: int) -> None:
    state = read_state(path)
    if state is not None:
        update = {"server": child, "supervisor": identify(os.getpid()), "restarts": restarts}
        write_state(path, state.model_copy(update=update))


def _identity(pid: int) -> str:
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return ""
    return f"{_boot()}:{fields[19]}"


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` from the state on (0: state, 2: process group, 19: start in clock ticks)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return ""


def _is_ours(process: ProcessRef) -> bool:
    """Say whether the group still is the one ``process`` led: it lives, or it is gone and left members behind."""
    boot = process.identity.partition(":")[0]
    if not process.identity or boot != _boot():
        return False
    now = _identity(process.pid)
    return now == process.identity or (not now and _group_runs(process.pid))


def _group_runs(group: int) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields is not None and fields[2] == str(group) and fields[0] not in "ZX":
                return True
    return False


def main(argv: list[str] | None = None) -> int:
    """Supervise the command after ``--``; `VLLMServer.up` starts this, people need not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["supervise"])
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return supervise(arguments.command, arguments.state, arguments.log, stop)


if __name__ == "__main__":
    sys.exit(main())
