"""Metrics with few labels, spans per step with tokens and cost, logs as JSON with ids, and nothing personal in any of them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tastemaker.api.cli.serve import log_config
from tastemaker.api.http.app import create_app
from tastemaker.api.http.metrics import MAX_VALUES, Metrics
from tastemaker.api.telemetry import JsonFormatter
from tastemaker.core.personal_data import mask
from tastemaker.core.redaction import RedactingFormatter
from tastemaker.core.settings import Settings, TelemetrySettings
from tastemaker.core.tracing import REQUEST_ID
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "scripts" / "deploy"
PERSON = "ada.lovelace@example.org"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(home=tmp_path)

    async def opened() -> Recommender:
        return await Recommender(services=constant_services(settings)).start()

    app = create_app(opened, settings)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_metrics_count_requests_steps_and_tokens_without_anything_personal(client: httpx.AsyncClient) -> None:
    sent = {"text": f"write to {PERSON}", "user_id": PERSON}
    assert (await client.post("/recommend", json=sent)).status_code == 200
    await client.get(f"/users/{PERSON}")
    for n in range(5):
        await client.get(f"/no-such-{n}")
    text = (await client.get("/metrics")).text
    assert 'tastemaker_requests_total{method="POST",route="/recommend",status="200"} 1.0' in text
    assert 'route="/users/{user_id}"' in text
    assert 'tastemaker_requests_total{method="GET",route="other",status="404"} 5.0' in text
    assert 'tastemaker_step_seconds_count{step="rank_candidates"} 1.0' in text
    assert 'tastemaker_llm_tokens_total{kind="prompt"}' in text
    assert "tastemaker_requests_waiting 0.0" in text
    assert "ada" not in text


def test_a_label_has_so_many_values() -> None:
    metrics = Metrics()
    seen = {metrics._few("part", f"part {n}") for n in range(MAX_VALUES * 3)}
    assert len(seen) == MAX_VALUES + 1
    assert "other" in seen


# --- personal data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to ada.l+x@mail.example.co.uk now", "write to <email> now"),
        ("call +49 30 901820-12 or 030 / 901 820", "call <phone> or <phone>"),
        ("(030) 9018 2012, 555-123-4567, +1 (555) 123-4567", "<phone>, <phone>, <phone>"),
        ("pay 4111 1111 1111 1111 or 5500-0000-0000-0004", "pay <card> or <card>"),
        ("DE89 3704 0044 0532 0130 00 and GB29NWBK60161331926819", "<iban> and <iban>"),
        ("身份证11010519491231002X，手机13812345678", "身份证<id>，手机<phone>"),
        (
            "mobile 138 1234 5678, ssn 219-09-9999, nino QQ 12 34 56 C, ni AB123456C",
            "mobile <phone>, ssn <id>, nino QQ 12 34 56 C, ni <id>",
        ),
        ("dni 12345678Z and 12345678-Z", "dni <id> and <id>"),
        ("an iban that is none: DE00 ABCD EFGH IJKL MNOP", "an iban that is none: DE00 ABCD EFGH IJKL MNOP"),
    ],
)
def test_personal_data_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 16:58:16,123 INFO took 1234 ms",
        "request 0f8e7c1d5a6b4c3d8a1b2c3d4e5f6071 failed",
        "item 4012345678901, price 1.234,50, 10.0.0.1:8010, 12345678-1234-4123-8123-123456789012",
        "POST /recommend 200 17 ms",
        "4111 1111 1111 1112 is no card",
        "0.75 0.5 0.25 0.125, 0 1 2 3 4 5",
        "110105194912310021 fails its check, 12345678A as well; 23812345678 and 138123456789 are no mobiles",
        "part 900-12-3456, 666-12-3456, lens 24-70-2800x",
        "size 10x20x30, 100000000 rows, v1.2.3",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("form", [RedactingFormatter, JsonFormatter])
def test_logs_hold_no_personal_data(form: type[logging.Formatter]) -> None:
    record = logging.LogRecord(
        "tastemaker.x", logging.INFO, "x.py", 1, "failed for %s at %s", (PERSON, "+49 30 1234567"), None
    )
    line = form("%(message)s").format(record)
    assert PERSON not in line
    assert "1234567" not in line


def test_logs_as_json_name_the_request() -> None:
    token = REQUEST_ID.set("r-1")
    try:
        record = logging.LogRecord("tastemaker.x", logging.WARNING, "x.py", 1, 'a\n"b" %s', ("c",), None)
        told = json.loads(JsonFormatter("%(message)s").format(record))
    finally:
        REQUEST_ID.reset(token)
    assert (told["level"], told["message"], told["request_id"]) == ("WARNING", 'a\n"b" c', "r-1")
    assert log_config("info", "json")["formatters"]["plain"]["()"] is JsonFormatter


TRACED = """
import asyncio, json, sys
from pathlib import Path
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tastemaker.api.telemetry import set_up_tracing
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender

async def main():
    settings = Settings(home=Path(sys.argv[1]))
    kept = InMemorySpanExporter()
    provider = set_up_tracing(settings, kept)
    services = constant_services(settings)
    services.composer.guided = False  # a guided model is asked only where it has a choice
    async with Recommender(services=services) as recommender:
        await recommender.recommend(text="a print for ada.lovelace", user_id="ada.lovelace")
    provider.shutdown()
    spans = kept.get_finished_spans()
    print(json.dumps([[s.name, s.parent is not None, dict(s.attributes)] for s in spans]))

asyncio.run(main())
"""


@pytest.mark.slow
def test_each_step_is_a_span_with_tokens_and_nothing_personal(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk")
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    spans: list[Any] = json.loads(done.stdout.splitlines()[-1])
    by_name = {name: (has_parent, attributes) for name, has_parent, attributes in spans}
    assert {"recommend", "understand", "rank_candidates", "compose_recommendations"} <= by_name.keys()
    assert not by_name["recommend"][0]
    assert by_name["rank_candidates"][0]
    about = by_name["recommend"][1]
    assert about["llm.calls"] >= 1
    assert {"llm.prompt_tokens", "llm.cached_tokens", "llm.completion_tokens", "llm.cost", "tenant"} <= about.keys()
    assert "ada" not in done.stdout
    assert TelemetrySettings().otlp_url == ""


# --- deployment ------------------------------------------------------------------------------------------


def documents() -> list[tuple[str, dict[str, Any]]]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [(f.name, d) for f in files for d in yaml.safe_load_all(f.read_text(encoding="utf-8"))]


def test_manifests_have_probes_limits_a_budget_and_scale_on_the_queue() -> None:
    kinds = {(d["kind"], d["metadata"]["name"]): d for _, d in documents()}
    assert {
        ("Deployment", "tastemaker"),
        ("PodDisruptionBudget", "tastemaker"),
        ("HorizontalPodAutoscaler", "tastemaker"),
    } <= kinds.keys()
    for (kind, name), document in kinds.items():
        assert "/" in document["apiVersion"] or document["apiVersion"] == "v1"
        if kind == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            assert {"startupProbe", "readinessProbe", "livenessProbe", "resources"} <= container.keys(), name
            labels = document["spec"]["template"]["metadata"]["labels"]
            assert document["spec"]["selector"]["matchLabels"].items() <= labels.items()
    api = kinds["Deployment", "tastemaker"]["spec"]["template"]["spec"]
    assert api["securityContext"]["runAsNonRoot"]
    assert api["terminationGracePeriodSeconds"] > Settings().serve.grace_s + 5
    (metric,) = kinds["HorizontalPodAutoscaler", "tastemaker"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in {m.name for m in Metrics().registry.collect()}


def test_the_probes_and_settings_of_the_manifests_exist() -> None:
    paths = {route.path for route in create_app(settings=Settings()).routes if hasattr(route, "path")}
    known = {f"TASTEMAKER_{n.upper()}" for n in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        known |= {
            f"TASTEMAKER_{name.upper()}__{part.upper()}" for part in getattr(field.annotation, "model_fields", {})
        }
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(DEPLOY.rglob("*")) if p.is_file())
    import re

    assert set(re.findall(r"TASTEMAKER_[A-Z_]+", text)) <= known
    probes = next(d for n, d in documents() if n == "api.yaml" and d["kind"] == "Deployment")["spec"]["template"][
        "spec"
    ]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert probes["containers"][0][probe]["httpGet"]["path"] in paths


def test_compose_waits_for_the_database_and_asks_for_its_password() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"api", "vllm", "postgres"}
    api = compose["services"]["api"]
    assert api["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert (DEPLOY / api["build"]["context"] / api["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert all(port.startswith("127.0.0.1:") for port in api["ports"])
    used = {v.partition(":")[0] for s in compose["services"].values() for v in s.get("volumes", ())}
    assert used == set(compose["volumes"])
    assert ":?" in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def test_the_dockerfile_copies_what_is_there_and_does_not_run_as_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    for _, *sources, _target in lines:
        assert all((ROOT / source).exists() for source in sources)
    copied = {source for _, *sources, _ in lines for source in sources}
    assert {p.name for p in (ROOT / "src" / "tastemaker").iterdir() if p.is_symlink()} <= copied
    users = [line.split()[1] for line in text.splitlines() if line.startswith("USER ")]
    assert users == ["10001:10001"]
    for word in ("HEALTHCHECK", "STOPSIGNAL SIGTERM", "scripts/locks/app.lock"):
        assert word in text


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    import re

    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = {
        name for panel in board["panels"] for t in panel["targets"] for name in re.findall(r"tastemaker_\w+", t["expr"])
    }
    exposed = {s.name for m in Metrics().registry.collect() for s in m.samples} | {
        f"{m.name}{suffix}"
        for m in Metrics().registry.collect()
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
    }
    assert len(asked) >= 7
    assert asked <= exposed
