"""Read and write sets of frozen cases as JSON Lines: an optional line that describes the set, then one case a line.

Media are named relative to the file. The set's name is the file's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..core.errors import InvalidRequestError
from ..core.schemas import MediaInput, RecommendRequest
from ..core.schemas.cases import Case, CaseSet
from ..core.validation import invalid_request

MEDIA = ("images", "audio", "video")
MAX_BYTES = 50_000_000


def read_case_file(path: Path) -> CaseSet:
    """Return the set in ``path``, its media by absolute path.

    Raises:
        InvalidRequestError: the file cannot be read, or a line is no case; names file and line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidRequestError("cases", f"{path} is larger than {MAX_BYTES:,} bytes")
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError("cases", f"{path} cannot be read: {error}") from error
    description, cases = "", []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        data = _object(path, number, line)
        if "case_id" not in data and number == 1:
            description = str(data.get("description", ""))
        else:
            cases.append(_case(path, number, data))
    return case_set(path.stem, description, cases)


def case_set(name: str, description: str, cases: Sequence[Case]) -> CaseSet:
    """Return the set of these cases with its digest.

    Raises:
        InvalidRequestError: the name cannot be one, or two cases have one id.
    """
    try:
        return CaseSet(name=name, description=description, cases=tuple(cases), digest=digest_of(cases))
    except ValidationError as error:
        raise invalid_request(error, "cases") from error


def digest_of(cases: Sequence[Case]) -> str:
    """Return the first 16 digits of the SHA-256 of the cases, whatever folder their media are in."""
    lines = [json.dumps(_plain(_named_only(c)), sort_keys=True) for c in cases]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def write_case_file(cases: CaseSet) -> str:
    """Return the set as JSON Lines; ``read_case_file`` reads it, where its media still lie at their paths."""
    head = json.dumps({"description": cases.description}, ensure_ascii=False)
    return "\n".join([head, *(json.dumps(_plain(c), ensure_ascii=False) for c in cases.cases)]) + "\n"


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError("cases", f"{path.name} line {number} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise InvalidRequestError("cases", f"{path.name} line {number} is not a JSON object")
    return data


def _case(path: Path, number: int, data: dict[str, Any]) -> Case:
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        raise InvalidRequestError("cases", f"{path.name} line {number}: {invalid_request(error, 'case')}") from error
    folder = path.resolve().parent
    return _with_media(case, lambda m: m.model_copy(update={"path": str((folder / m.path).resolve())}) if m.path else m)


def _named_only(case: Case) -> Case:
    return _with_media(case, lambda m: m.model_copy(update={"path": Path(m.path).name}) if m.path else m)


def _with_media(case: Case, change: Any) -> Case:
    def request(one: RecommendRequest) -> RecommendRequest:
        media: dict[str, list[MediaInput]] = {kind: [change(m) for m in getattr(one, kind)] for kind in MEDIA}
        return one.model_copy(update=media)

    return case.model_copy(update={"request": request(case.request), "before": tuple(map(request, case.before))})


def _plain(case: Case) -> dict[str, Any]:
    return case.model_dump(mode="json", exclude_defaults=True)
