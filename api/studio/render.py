"""Make the studio's pages from their templates, in English or Chinese; every value is escaped."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ..auth.gate import STUDIO
from .session import LANGUAGE_COOKIE, Language, Person, language_of

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' blob: data:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

METRICS: Final = {
    "pass_1": "Answers that pass",
    "passed": "Answers that pass",
    "pass_k": "Cases that pass every time",
    "failed": "Failed",
    "schema_valid": "Answers in the right form",
    "conditions_kept": "Conditions kept",
    "conditions_read": "Conditions read",
    "grounded": "Reasons that rest on data",
    "refusals": "Empty lists",
    "recall": "Wanted items listed",
    "ndcg": "Order of the list (NDCG)",
    "words": "Words an answer",
    "seconds": "Seconds an answer",
    "latency_s": "Seconds an answer",
    "tokens": "Tokens an answer",
    "completion_tokens": "Tokens written",
    "cost": "Cost an answer",
    "click_through": "Clicks a list",
    "likes": "Likes a list",
    "purchases": "Purchases a list",
    "degraded": "Answers with a part missing",
}
"""What figures are called on the pages, by their names in the API."""
LANGUAGE_KEPT_S: Final = 365 * 86_400


@lru_cache(maxsize=1)
def translations() -> dict[str, str]:
    """Return what the studio says in Chinese, by what it says in English."""
    return tomllib.loads(files(__package__).joinpath("templates/zh.toml").read_text(encoding="utf-8"))


def say(language: Language, text: str) -> str:
    """Return a text of ours in a language."""
    return translations().get(text, text) if language == "zh" else text


@lru_cache(maxsize=2)
def _environment(language: Language) -> Environment:
    made = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["_"] = lambda text: say(language, text)
    made.filters["when"] = _when
    made.filters["metric"] = lambda name: say(language, METRICS.get(name, name.replace("_", " ")))
    made.filters["figure"] = _figure
    return made


def page(request: Request, template: str, person: Person | None, code: int = 200, /, **values: Any) -> HTMLResponse:
    """Return a page; a language that the address names is kept."""
    language = person.language if person else language_of(request)
    other = "en" if language == "zh" else "zh"
    here = request.url.include_query_params(lang=other)
    body = (
        _environment(language)
        .get_template(template)
        .render(
            person=person, language=language, other=other, path=request.url.path, switch=f"{here.path}?{here.query}", **values
        )
    )  # fmt: skip
    response = HTMLResponse(body, status_code=code, headers=HEADERS)
    if request.query_params.get("lang") == language:
        response.set_cookie(LANGUAGE_COOKIE, language, path=STUDIO, samesite="strict", max_age=LANGUAGE_KEPT_S)
    return response


def _when(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "–"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
