"""Test how the server is started, watched and stopped, with a tiny program in vLLM's place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.llm import app
from tastemaker.core.errors import BackEndTimeout, BackEndUnavailable, ConfigurationError
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.vllm import environment as vllm_env
from tastemaker.models.vllm import process as vllm_process
from tastemaker.models.vllm.environment import Progress, prepare_model, vllm_env_folder, vllm_requirements
from tastemaker.models.vllm.launch import Launch, cpu_dtype, reasoning_parser, served_name, vllm_launch
from tastemaker.models.vllm.process import ProcessRef, ServerState, identify, is_alive, read_state, write_state
from tastemaker.models.vllm.server import VLLMServer

from ..ports import free_port

FAKE = r"""
import http.server, json, os, subprocess, sys, time
port, mode = int(sys.argv[1]), sys.argv[2]
print("fake server", mode, flush=True)
if mode == "dies":
    sys.exit("no weights here")
if mode == "stubborn":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    print("child", subprocess.Popen([sys.executable, "-c", child]).pid, flush=True)
if mode == "silent":
    time.sleep(60)
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b"{}"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def fake(mode: str = "serves") -> Callable[[Settings, Progress | None], Launch]:
    def build(settings: Settings, _: Progress | None) -> Launch:
        return Launch((sys.executable, "-c", FAKE, str(settings.llm.port), mode), {"FAKE": "1"})

    return build


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, cache=tmp_path, llm=LLMSettings(port=free_port(), start_timeout_s=20))


@pytest.fixture
def server(settings: Settings) -> Iterator[VLLMServer]:
    made = VLLMServer(settings, fake())
    yield made
    made.down()


def until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


# --- life of a server ----------------------------------------------------------------------------


@pytest.mark.parametrize("watch", [False, True])
def test_a_server_comes_up_once_and_goes_down_whole(server: VLLMServer, watch: bool) -> None:
    said: list[str] = []
    first = server.up(progress=said.append, watch=watch)
    assert (first.state, first.supervised, first.external) == ("running", watch, False)
    assert first.model == "vllm:smollm2-135m"
    assert any("answers after" in line for line in said)
    again = server.up(watch=watch)
    assert again.pid == first.pid
    state = read_state(server.state_path)
    assert state is not None
    assert server.down()
    assert not is_alive(state.server)
    assert not is_alive(state.supervisor)
    assert not server.state_path.exists()
    assert server.status().state == "stopped"
    assert not server.down()


def test_another_process_sees_the_same_server(server: VLLMServer, settings: Settings) -> None:
    pid = server.up().pid
    other = VLLMServer(settings, fake())
    assert other.status().pid == pid
    assert other.up().pid == pid
    assert other.down()
    assert server.status().state == "stopped"


def test_two_starts_at_once_make_one_server(server: VLLMServer, settings: Settings) -> None:
    other = VLLMServer(settings, fake())
    pids: list[int | None] = []
    threads = [threading.Thread(target=lambda s=s: pids.append(s.up().pid)) for s in (server, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 2
    assert len(set(pids)) == 1


def test_a_server_that_is_killed_is_started_again(server: VLLMServer) -> None:
    first = server.up().pid
    assert first
    os.killpg(first, signal.SIGKILL)
    assert until(lambda: server.status().restarts == 1 and server.status().state == "running")
    assert server.status().pid != first
    assert server.down()


def test_without_a_supervisor_it_stays_dead_and_says_so(server: VLLMServer) -> None:
    pid = server.up(watch=False).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: server.status().state == "stopped")
    assert "llm logs" in server.status().why
    assert server.up(watch=False).pid != pid


def test_what_ignores_sigterm_is_killed_with_its_children(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_process.end_group, "__defaults__", (0.5,))
    server = VLLMServer(settings, fake("stubborn"))
    server.up(watch=False)
    child = next(int(line.split()[1]) for line in server.logs() if line.startswith("child"))
    assert is_alive(identify(child))
    began = time.monotonic()
    assert server.down()
    assert time.monotonic() - began < 5
    assert not is_alive(identify(child))


def test_a_dead_supervisor_leaves_nothing_behind_after_down(server: VLLMServer) -> None:
    server.up()
    state = read_state(server.state_path)
    assert state is not None
    assert state.supervisor is not None
    os.kill(state.supervisor.pid, signal.SIGKILL)
    assert until(lambda: not is_alive(state.supervisor))
    assert server.status().state == "running"
    assert server.down()
    assert not is_alive(state.server)


# --- what can go wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("watch", [False, True])
def test_a_server_that_ends_while_starting_shows_its_last_lines(settings: Settings, watch: bool) -> None:
    server = VLLMServer(settings, fake("dies"))
    with pytest.raises(BackEndUnavailable, match="no weights here"):
        server.up(watch=watch)
    assert server.status().state == "stopped"


def test_a_server_that_never_answers_is_given_up(settings: Settings) -> None:
    llm = settings.llm.model_copy(update={"start_timeout_s": 0.6})
    server = VLLMServer(settings.model_copy(update={"llm": llm}), fake("silent"))
    with pytest.raises(BackEndTimeout, match="start_timeout_s"):
        server.up()
    assert not server.state_path.exists()


def test_another_model_is_refused_or_replaces(server: VLLMServer, settings: Settings) -> None:
    first = server.up().pid
    llm = settings.llm.model_copy(update={"model": "vllm:other"})
    other = VLLMServer(settings.model_copy(update={"llm": llm}), fake())
    with pytest.raises(ConfigurationError, match="--restart"):
        other.up()
    assert server.status().pid == first
    replaced = other.up(restart=True)
    assert replaced.model == "vllm:other"
    assert replaced.pid != first


def test_a_taken_port_is_named(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.llm.port))
        taken.listen()
        with pytest.raises(ConfigurationError, match="TASTEMAKER_LLM__PORT"):
            VLLMServer(settings, fake()).up()


def test_with_a_base_url_nothing_is_started(tmp_path: Path) -> None:
    def build(*_: object) -> Launch:
        raise AssertionError("nothing is to be started")

    url = f"http://127.0.0.1:{free_port()}/v1"
    server = VLLMServer(Settings(home=tmp_path, llm=LLMSettings(base_url=url)), build)
    status = server.up()
    assert (status.state, status.external, status.url) == ("stopped", True, url)
    assert "base_url" in status.why


def test_a_process_number_used_again_is_not_touched(settings: Settings) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        ref = identify(stranger.pid)
        stale = ProcessRef(pid=stranger.pid, identity=ref.identity + "0")
        server = VLLMServer(settings, fake())
        llm = settings.llm
        state = ServerState(
            model="vllm:smollm2-135m", host=llm.host, port=llm.port, log="", started_at=0.0, server=stale
        )
        write_state(server.state_path, state)
        assert server.status().state == "stopped"
        assert not server.down()
        assert is_alive(ref)
        stranger.kill()


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"model": 3}'])
def test_a_damaged_state_file_counts_as_none(settings: Settings, text: str) -> None:
    server = VLLMServer(settings, fake())
    server.state_path.parent.mkdir(parents=True)
    server.state_path.write_text(text)
    assert read_state(server.state_path) is None
    assert server.status().state == "stopped"


def test_a_supervisor_gives_up_on_a_server_that_keeps_dying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vllm_process, "BACK_OFF_S", (0.01, 0.02))
    path = tmp_path / "state.json"
    write_state(path, ServerState(model="m", host="h", port=1, log="", started_at=0.0))
    command = [sys.executable, "-c", "print('once more')"]
    assert vllm_process.supervise(command, path, tmp_path / "log", threading.Event()) == 1
    assert (tmp_path / "log").read_text().count("once more") == 3
    state = read_state(path)
    assert state is not None
    assert state.restarts == 2
    assert "giving up" in capfd.readouterr().err


# --- log -----------------------------------------------------------------------------------------


def test_logs_give_the_last_lines_and_keep_the_log_before(server: VLLMServer) -> None:
    server.up(watch=False)
    assert list(server.logs(1)) == ["fake server serves"]
    server.down()
    assert list(server.logs(1, follow=True)) == ["fake server serves"]
    server.up(watch=False)
    assert server.log_path.with_name("vllm.log.1").read_text() == "fake server serves\n"
    assert oct(server.log_path.stat().st_mode & 0o777) == "0o600"


def test_logs_without_a_log_are_empty(settings: Settings) -> None:
    assert list(VLLMServer(settings, fake()).logs()) == []


# --- command and environment ---------------------------------------------------------------------


def flags(launch: Launch) -> dict[str, str]:
    words = launch.command
    return {w: words[i + 1] if i + 1 < len(words) else "" for i, w in enumerate(words) if w.startswith("--")}


def test_a_cpu_server_is_eager_cached_and_offline_for_a_local_folder(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    launch = vllm_launch(settings, Path("/py"), tmp_path, gpu=False)
    given = flags(launch)
    assert launch.command[:3] == ("/py", "-m", "vllm.entrypoints.openai.api_server")
    assert given["--model"] == str(tmp_path)
    assert given["--served-model-name"] == "smollm2-135m"
    assert given["--max-model-len"] == "4096"
    assert {"--enforce-eager", "--enable-prefix-caching", "--enable-prompt-tokens-details"} <= given.keys()
    assert "--reasoning-parser" not in given
    assert launch.environ["HF_HUB_OFFLINE"] == "1"
    assert launch.environ["VLLM_CPU_KVCACHE_SPACE"] == "2"
    assert launch.environ["VLLM_NO_USAGE_STATS"] == "1"


def test_a_gpu_server_with_a_thinking_hub_model_keeps_its_reasoning_apart(settings: Settings) -> None:
    profile = settings.model_copy(update={"profile": "gpu"})
    launch = vllm_launch(profile, Path("/py"), Path("Qwen/Qwen3-8B"), gpu=True)
    given = flags(launch)
    assert given["--model"] == given["--served-model-name"] == "Qwen/Qwen3-8B"
    assert given["--reasoning-parser"] == "qwen3"
    assert "--enforce-eager" not in given
    assert not {"HF_HUB_OFFLINE", "VLLM_CPU_KVCACHE_SPACE", "OMP_NUM_THREADS"} & launch.environ.keys()


def test_a_processor_without_bfloat16_computes_in_float32() -> None:
    assert cpu_dtype(frozenset({"avx2", "fma"})) == "float32"
    assert cpu_dtype(frozenset({"avx2", "avx512_bf16"})) == "bfloat16"


def test_a_users_cpu_tuning_and_key_are_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "9")
    llm = settings.llm.model_copy(update={"api_key": LLMSettings(api_key="s3cret").api_key})
    launch = vllm_launch(settings.model_copy(update={"llm": llm}), Path("/py"), Path("/m"), gpu=False)
    assert "VLLM_CPU_KVCACHE_SPACE" not in launch.environ
    assert launch.environ["VLLM_API_KEY"] == "s3cret"
    assert "s3cret" not in " ".join(launch.command)


@pytest.mark.parametrize(
    ("model_id", "name", "parser"),
    [
        ("vllm:smollm2-135m", "smollm2-135m", None),
        ("vllm:Qwen/Qwen3-4B", "Qwen/Qwen3-4B", "qwen3"),
        ("vllm:Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B-Instruct-2507", None),
        ("vllm:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek_r1"),
        ("vllm:/models/mine", "mine", None),
    ],
)
def test_names_and_reasoning_parsers(model_id: str, name: str, parser: str | None) -> None:
    assert served_name(model_id) == name
    assert reasoning_parser(model_id) == parser


# --- environment and model -----------------------------------------------------------------------


def test_every_package_of_the_lock_is_pinned_and_no_host_is_named() -> None:
    lines = [line for line in vllm_requirements(False).splitlines() if line and not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    names = {line.split("==")[0].lower() for line in lines}
    assert {"vllm-cpu", "torch", "transformers", "gguf", "accelerate", "xgrammar"} <= names
    assert not names & {"torchvision", "torchaudio", "torchcodec"}
    assert "://" not in vllm_requirements(False)


def test_an_interrupted_installation_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_env, "has_gpu", lambda: False)
    ran: list[list[str]] = []

    def run(command: list[str], *_: object) -> None:
        ran.append(command)
        vllm_env_folder(tmp_path).mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(vllm_env, "run", run)
    half_done = vllm_env_folder(tmp_path) / "bin" / "python"
    half_done.parent.mkdir(parents=True)
    half_done.write_text("broken")
    assert vllm_env.ensure_vllm_env(tmp_path) == half_done
    assert not half_done.exists()
    assert ran[0][1:3] == ["-m", "venv"]
    assert "--no-deps" in ran[1]
    assert vllm_env.ensure_vllm_env(tmp_path) == half_done
    assert len(ran) == 2


@pytest.mark.slow
def test_a_missing_torch_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_env, "has_gpu", lambda: False)
    monkeypatch.setattr(vllm_env, "vllm_requirements", lambda gpu: "torch==0.0.0+none\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BackEndUnavailable, match="PIP_EXTRA_INDEX_URL"):
        vllm_env.ensure_vllm_env(tmp_path)
    assert vllm_env.find_vllm_python(tmp_path) is None


def test_hub_ids_and_folders_are_served_as_they_are(tmp_path: Path) -> None:
    assert str(prepare_model("vllm:Qwen/Qwen3-4B", tmp_path)) == "Qwen/Qwen3-4B"
    assert prepare_model(f"vllm:{tmp_path}", tmp_path) == tmp_path.resolve()
    with pytest.raises(ConfigurationError, match="vllm:NAME"):
        prepare_model("openai:gpt", tmp_path)


def test_packaged_weights_are_converted_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "x.gguf").write_bytes(b"gguf")
    monkeypatch.setattr(vllm_env, "ensure_weights", lambda *_, **__: weights)
    calls: list[list[str]] = []

    def run(command: list[str], *_: object) -> None:
        calls.append(command)
        if len(calls) == 1:
            raise BackEndUnavailable("killed")
        Path(command[-1]).mkdir()
        (Path(command[-1]) / "config.json").write_text("{}")

    monkeypatch.setattr(vllm_env, "run", run)
    with pytest.raises(BackEndUnavailable):
        prepare_model("vllm:smollm2-135m", tmp_path, python=Path("/py"))
    folder = prepare_model("vllm:smollm2-135m", tmp_path, python=Path("/py"))
    assert (folder / "config.json").is_file()
    assert prepare_model("vllm:smollm2-135m", tmp_path, python=Path("/py")) == folder
    assert len(calls) == 2
    assert sorted(p.name for p in folder.parent.iterdir()) == [folder.name, f"{folder.name}.lock"]


# --- command line --------------------------------------------------------------------------------


def test_the_command_line_says_stopped_with_its_own_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    runner = CliRunner()
    found = runner.invoke(app, ["status"])
    assert found.exit_code == 3
    assert "tastemaker llm up" in found.output
    assert '"stopped"' in runner.invoke(app, ["status", "--json"]).output
    assert "no server was running" in runner.invoke(app, ["down"]).output
    assert runner.invoke(app, ["logs"]).exit_code == 0


def test_the_command_line_reports_errors_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_LLM__PORT", "no number")
    found = CliRunner().invoke(app, ["up"])
    assert found.exit_code == 1
    assert "llm.port" in found.output
