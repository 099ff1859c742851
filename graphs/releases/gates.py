"""Read the gates that ship with the prompts."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from ...core.errors import ConfigurationError
from ...core.schemas.releases import Gate
from ...core.validation import invalid_request

GATES = "gates.toml"
PACKAGED = Path(__file__).resolve().parents[2] / "prompts"


def shipped_gate(name: str, folder: Path | None = None) -> Gate:
    """Return the gate of a name as ``gates.toml`` of the prompts' folder states it, else of the package's: ``[default]`` and what its own table changes.

    Raises:
        ConfigurationError: the file is wrong; says where.
    """
    own = folder / GATES if folder else None
    file = own if own is not None and own.is_file() else PACKAGED / GATES
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return Gate.model_validate(tables.get("default", {}) | tables.get(name, {}))
    except ValidationError as error:
        raise ConfigurationError(f"{file}: {invalid_request(error)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
