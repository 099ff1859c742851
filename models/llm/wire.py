"""Build chat-completion requests, read their answers and translate the SDK's errors: pure functions, no I/O."""

from __future__ import annotations

import random
from typing import Any

from ...core.errors import BackEndError, BackEndOverloaded, BackEndTimeout, BackEndUnavailable, BadBackEndResponse
from ...core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage

BACK_END = "llm"
SEED = 0
FIRST_DELAY_S = 0.25
MAX_DELAY_S = 5.0
DETAIL_CHARS = 300
OVERLOADED = frozenset({429, 503})
TIMED_OUT = frozenset({408, 504})
UNREACHABLE = frozenset({502})


def chat_body(request: ChatRequest, model: str, *, thinks: bool = False, stream: bool = False) -> dict[str, Any]:
    """Return the arguments of ``chat.completions.create``; ``thinks``: tell the chat template not to think first."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": SEED,
    }
    if request.json_schema is not None:
        answer = {"name": "answer", "schema": request.json_schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": answer}
    if thinks:
        body["extra_body"] = {"chat_template_kwargs": {"enable_thinking": False}}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def parse_reply(answer: dict[str, Any]) -> ChatReply:
    """Read a complete answer.

    Raises:
        BadBackEndResponse: it has no choice with a message.
    """
    choices = answer.get("choices") or []
    message = choices[0].get("message") if choices else None
    if message is None:
        raise BadBackEndResponse("the language model's answer holds no message", back_end=BACK_END)
    return ChatReply(
        text=message.get("content") or "", reasoning=_reasoning(message), usage=parse_usage(answer.get("usage"))
    )


def parse_chunk(chunk: dict[str, Any]) -> tuple[ChatDelta, bool]:
    """Read one piece of a stream, and whether the answer ended with it."""
    usage = parse_usage(chunk["usage"]) if chunk.get("usage") else None
    choices = chunk.get("choices") or []
    if not choices:
        return ChatDelta(usage=usage), False
    delta = choices[0].get("delta") or {}
    done = choices[0].get("finish_reason") is not None
    return ChatDelta(text=delta.get("content") or "", reasoning=_reasoning(delta), usage=usage), done


def parse_usage(usage: dict[str, Any] | None) -> ChatUsage:
    """Read token counts; what a server leaves out is 0."""
    counts = usage or {}
    details = counts.get("prompt_tokens_details") or {}
    return ChatUsage(
        prompt_tokens=counts.get("prompt_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
        completion_tokens=counts.get("completion_tokens") or 0,
    )


def translate(error: Exception, base_url: str) -> BackEndError:
    """Return our error for one that the SDK raised; the message says what to do and holds no prompt."""
    import openai

    if isinstance(error, openai.APITimeoutError) and "Connect" not in type(error.__cause__).__name__:
        return BackEndTimeout("the language model did not answer in time", back_end=BACK_END)
    if isinstance(error, openai.APIConnectionError | OSError):
        return BackEndUnavailable(
            f"no language model answers at {base_url}: start it with `tastemaker llm up`, or set llm.base_url",
            back_end=BACK_END,
        )
    if isinstance(error, openai.APIStatusError):
        return _from_status(error, base_url)
    return BadBackEndResponse(f"the language model's answer cannot be read: {_detail(error)}", back_end=BACK_END)


def retry_delay_s(error: BackEndError, attempt: int) -> float:
    """Return the seconds to wait before attempt ``attempt`` + 1: what the server asked for, else doubling with jitter."""
    wanted = getattr(error.__cause__, "response", None)
    header = wanted.headers.get("retry-after", "") if wanted is not None else ""
    if header.isdigit():
        return float(header)
    return min(MAX_DELAY_S, FIRST_DELAY_S * 2.0**attempt) * random.uniform(0.8, 1.2)  # noqa: S311


def _from_status(error: Any, base_url: str) -> BackEndError:
    code = int(error.status_code)
    if code in OVERLOADED:
        return BackEndOverloaded(f"the language model's server is overloaded (HTTP {code})", back_end=BACK_END)
    if code in TIMED_OUT:
        return BackEndTimeout(f"the language model's server gave up (HTTP {code})", back_end=BACK_END)
    if code in UNREACHABLE:
        return BackEndUnavailable(f"nothing behind {base_url} (HTTP {code})", back_end=BACK_END)
    hints = {
        401: "check llm.api_key",
        403: "check llm.api_key",
        404: "check llm.model and llm.base_url",
        400: "the prompt may be longer than llm.max_model_len, or the schema unsupported",
    }
    hint = hints.get(code, "see `tastemaker llm logs`")
    return BadBackEndResponse(
        f"the language model's server refused (HTTP {code}; {hint}): {_detail(error)}", back_end=BACK_END
    )


def _detail(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", error)).split())[:DETAIL_CHARS]


def _reasoning(message: dict[str, Any]) -> str:
    return message.get("reasoning_content") or message.get("reasoning") or ""
