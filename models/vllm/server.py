"""Run vLLM as a server of its own: start it detached and supervised, ask how it is, read its log, stop it."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx

from ...core.errors import BackEndTimeout, BackEndUnavailable, ConfigurationError
from ...core.schemas import Frozen
from ...core.settings import Settings
from ..slots import slot_id
from .environment import Progress, ensure_vllm_env, has_gpu, locked, prepare_model
from .launch import Launch, served_name, vllm_launch
from .process import (
    POLL_S,
    ProcessRef,
    ServerState,
    end_group,
    is_alive,
    read_state,
    spawn,
    write_state,
)

SUPERVISOR = "tastemaker.models.vllm.process"
PROBE_S = 2.0
SAY_EVERY_S = 10.0
RECORD_S = 30.0
WARM_UP_S = 60.0
LOG_TAIL = 12


class ServerStatus(Frozen):
    """How the server is. ``external`` means that ``llm.base_url`` names one that others run."""

    state: Literal["running", "starting", "stopped"]
    url: str
    model: str = ""
    external: bool = False
    pid: int | None = None
    supervised: bool = False
    restarts: int = 0
    log: str = ""
    why: str = ""


def build_launch(settings: Settings, progress: Progress | None = None) -> Launch:
    """Make sure that vLLM and the model are there, and return how to start them. Raises as ``ensure_vllm_env``."""
    python = ensure_vllm_env(settings.cache, progress=progress)
    model = prepare_model(slot_id(settings, "llm"), settings.cache, python=python, progress=progress)
    return vllm_launch(settings, python, model, gpu=has_gpu())


@dataclass
class VLLMServer:
    """One vLLM server per ``settings.home``.

    Args:
        settings: ``home`` holds ``run/vllm.json`` and ``logs/vllm.log``; ``llm`` says model, address and patience.
        build: makes the command; tests give another.
    """

    settings: Settings
    build: Callable[[Settings, Progress | None], Launch] = build_launch
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def url(self) -> str:
        """Return the OpenAI-compatible address, ending in ``/v1``."""
        llm = self.settings.llm
        return llm.base_url or f"http://{llm.host}:{llm.port}/v1"

    @property
    def state_path(self) -> Path:
        """Return the state file."""
        return self.settings.home / "run" / "vllm.json"

    @property
    def log_path(self) -> Path:
        """Return the log of the latest start; the one before is kept beside it as ``vllm.log.1``."""
        return self.settings.home / "logs" / "vllm.log"

    def up(
        self, wait: bool = True, progress: Progress | None = None, *, restart: bool = False, watch: bool = True
    ) -> ServerStatus:
        """Start the server unless it runs already, and return its status.

        Args:
            wait: return only when it answers, after one short constrained answer that warms it up.
            progress: called with one line of text per step.
            restart: stop a server with another model first; without it that is an error.
            watch: keep a small supervisor that starts the server again when it dies.

        Raises:
            ConfigurationError: another model is served from this home, or the port is taken.
            BackEndUnavailable: vLLM cannot be installed, or it ended while starting; the message shows its last lines.
            BackEndTimeout: it did not answer within ``llm.start_timeout_s``.
        """
        if self.settings.llm.base_url:
            return self.status()
        say = progress or (lambda _: None)
        state = self._running()
        if state is None or state.model != self._model:
            self._refuse_other(state, restart)
            launch = self.build(self.settings, progress)
            with locked(self.state_path.with_suffix(".lock"), lambda: say("waiting for another start of vLLM")):
                self._start(launch, say, restart, watch)
        if wait:
            self._wait(say)
            self._warm_up()
        return self.status()

    def status(self) -> ServerStatus:
        """Return how the server is, asking it at most PROBE_S seconds."""
        if self.settings.llm.base_url:
            answers = self._answers()
            why = "" if answers else f"nothing answers at {self.url}: see llm.base_url"
            return ServerStatus(
                state="running" if answers else "stopped", url=self.url, model=self._model, external=True, why=why
            )
        state = read_state(self.state_path)
        if state is None:
            return ServerStatus(state="stopped", url=self.url, why="start it with `tastemaker llm up`")
        log = state.log
        url = f"http://{state.host}:{state.port}/v1"
        if not _alive(state):
            why = "it ended by itself: see `tastemaker llm logs`, then `tastemaker llm up`"
            return ServerStatus(state="stopped", url=url, model=state.model, log=log, restarts=state.restarts, why=why)
        return ServerStatus(
            state="running" if self._answers(url) else "starting",
            url=url,
            model=state.model,
            pid=state.server.pid if state.server else None,
            supervised=state.supervisor is not None,
            restarts=state.restarts,
            log=log,
        )

    def down(self) -> bool:
        """Stop the server with everything it started, by force if need be; return False when there was none."""
        with locked(self.state_path.with_suffix(".lock"), lambda: None):
            return self._stop()

    def logs(self, lines: int = 50, follow: bool = False) -> Iterator[str]:
        """Yield the last ``lines`` lines of the log and, with ``follow``, further ones while the server runs."""
        if not self.log_path.is_file():
            return
        with self.log_path.open(encoding="utf-8", errors="replace") as file:
            yield from (line.rstrip("\n") for line in file.readlines()[-lines:])
            while follow and self._running() is not None:
                line = file.readline()
                if line:
                    yield line.rstrip("\n")
                else:
                    time.sleep(POLL_S)

    @property
    def _model(self) -> str:
        return slot_id(self.settings, "llm")

    def _running(self) -> ServerState | None:
        state = read_state(self.state_path)
        return state if state is not None and _alive(state) else None

    def _refuse_other(self, state: ServerState | None, restart: bool) -> None:
        if state is not None and state.model != self._model and not restart:
            raise ConfigurationError(
                f"llm.model is {self._model}, but a server with {state.model} runs: stop it with `tastemaker llm down`, or "
                "replace it with `tastemaker llm up --restart`"
            )

    def _start(self, launch: Launch, say: Progress, restart: bool, watch: bool) -> None:
        state = self._running()
        if state is not None and state.model == self._model:
            return
        self._refuse_other(state, restart)
        self._stop()
        llm = self.settings.llm
        if not _port_free(llm.host, llm.port):
            raise ConfigurationError(
                f"llm.port: {llm.host}:{llm.port} is taken by another program; set TASTEMAKER_LLM__PORT, or if that is a "
                "language-model server, point TASTEMAKER_LLM__BASE_URL at it"
            )
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        say(f"starting vLLM with {self._model} at {self.url}")
        self._spawn({**self.environ, **launch.environ}, launch.command, watch)

    def _spawn(self, environ: Mapping[str, str], server: tuple[str, ...], watch: bool) -> None:
        llm, log = self.settings.llm, self.log_path
        state = ServerState(model=self._model, host=llm.host, port=llm.port, log=str(log), started_at=time.time())
        if not watch:
            write_state(self.state_path, state.model_copy(update={"server": spawn(server, environ, log)}))
            return
        write_state(self.state_path, state)
        command = [sys.executable, "-m", SUPERVISOR, "supervise"]
        command += ["--state", str(self.state_path), "--log", str(log), "--", *server]
        self._await_record(spawn(command, environ, log))

    def _await_record(self, supervisor: ProcessRef) -> None:
        end = time.monotonic() + RECORD_S
        while time.monotonic() < end and is_alive(supervisor):
            state = read_state(self.state_path)
            if state is not None and state.server is not None:
                return
            time.sleep(POLL_S)
        end_group(supervisor)
        raise BackEndUnavailable(f"vLLM's supervisor did not start: {self._tail()}", back_end="llm")

    def _stop(self) -> bool:
        state = read_state(self.state_path)
        if state is None:
            return False
        was = _alive(state)
        end_group(state.supervisor)
        latest = read_state(self.state_path) or state
        end_group(latest.server)
        self.state_path.unlink(missing_ok=True)
        return was

    def _wait(self, say: Progress) -> None:
        began = time.monotonic()
        said = began
        while not self._answers():
            now = time.monotonic()
            state = self._running()
            if state is None or not is_alive(state.server):
                tail = self._tail()
                self.down()
                raise BackEndUnavailable(f"vLLM ended while starting: {tail}", back_end="llm")
            if now - began > self.settings.llm.start_timeout_s:
                self.down()
                raise BackEndTimeout(
                    f"vLLM did not answer within {self.settings.llm.start_timeout_s:g} s (llm.start_timeout_s); its last "
                    f"lines: {self._tail()}",
                    back_end="llm",
                )
            if now - said > SAY_EVERY_S:
                said = now
                say(f"vLLM is starting ({now - began:.0f} s)")
            time.sleep(POLL_S)
        say(f"vLLM answers after {time.monotonic() - began:.1f} s")

    def _warm_up(self) -> None:
        """Ask for a few constrained tokens, which loads what the first such answer needs (2-3 s on two cores)."""
        body = {
            "model": served_name(self._model),
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 4,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "warm", "schema": {"type": "object", "properties": {"a": {"type": "boolean"}}}},
            },
        }
        try:
            httpx.post(
                f"{self.url}/chat/completions", json=body, headers=self._headers, timeout=WARM_UP_S, trust_env=False
            ).raise_for_status()
        except httpx.HTTPError as error:
            raise BackEndUnavailable(
                f"vLLM is up but cannot answer ({type(error).__name__}): {self._tail()}", back_end="llm"
            ) from error

    def _tail(self) -> str:
        return " | ".join(list(self.logs(LOG_TAIL))) or "its log is empty"

    @property
    def _headers(self) -> dict[str, str]:
        key = self.settings.llm.api_key.get_secret_value()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _answers(self, url: str = "") -> bool:
        external = bool(self.settings.llm.base_url)
        try:
            answer = httpx.get(f"{url or self.url}/models", headers=self._headers, timeout=PROBE_S, trust_env=external)
        except httpx.HTTPError:
            return False
        return answer.is_success


def _alive(state: ServerState) -> bool:
    return is_alive(state.server) or is_alive(state.supervisor)


def _port_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
