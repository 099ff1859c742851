"""Check that imports point one way and that libraries stay in their folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "core": {"core"},
    "models": {"core", "models"},
    "stores": {"core", "stores"},
    "tools": {"core", "models", "stores", "tools"},
    "agents": {"core", "models", "stores", "tools", "agents", "prompts"},
    "graphs": {"core", "models", "stores", "tools", "agents", "prompts", "graphs"},
    "api": {"core", "models", "stores", "tools", "agents", "prompts", "graphs", "api"},
    "evals": {"core", "models", "stores", "tools", "agents", "prompts", "graphs", "api", "evals", "demo"},
    "demo": {"core", "models", "stores", "tools", "agents", "prompts", "graphs", "api", "demo"},
    "prompts": {"prompts"},
}
DOORS = "cli_"  # the command line's modules, api/cli_*.py, start what lies above them, inside their functions
MODEL_LIBRARIES = {
    "ctranslate2", "faster_whisper", "onnx", "onnxruntime", "open_clip", "openai", "safetensors", "timm", "tokenizers",
    "torch", "torchvision", "transformers", "vllm",
}  # fmt: skip
OWNERS = {
    **{library: {"models"} for library in MODEL_LIBRARIES},
    "langgraph": {"graphs"},
    "langchain": {"evals"},
    "langchain_openai": {"evals"},
    "lancedb": {"stores"},
    "sqlalchemy": {"stores"},
    "implicit": {"stores", "models", "evals"},
    "lightgbm": {"models", "evals"},
    "fastapi": {"api"},
    "langserve": {"api"},
    "typer": {"api"},
}
VOCABULARY = {"core/schemas.py"}  # declarations only, better in one file
MODULES = sorted(p for folder in MAY_IMPORT for p in (ROOT / folder).glob("**/*.py"))


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield (absolute module name, line, whether it is inside a function) of every import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["tastemaker", *path.relative_to(ROOT).parts[:-1]]
    inside = {
        id(child)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            if module == "tastemaker":
                for alias in node.names:
                    yield f"tastemaker.{alias.name}", node.lineno, id(node) in inside
            else:
                yield module, node.lineno, id(node) in inside


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_imports_point_one_way(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    for module, line, in_function in imports(path):
        parts = module.split(".")
        if parts[0] != "tastemaker" or len(parts) < 2 or parts[1] not in MAY_IMPORT:
            continue
        door = folder == "api" and path.name.startswith(DOORS) and in_function and parts[1] in {"evals", "demo"}
        assert door or parts[1] in MAY_IMPORT[folder], f"{names(path)}:{line} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_libraries_stay_in_their_folder(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    for module, line, _ in imports(path):
        top = module.split(".")[0]
        assert folder in OWNERS.get(top, {folder}), (
            f"{names(path)}:{line} imports {top}, which belongs to {OWNERS[top]}"
        )


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_inside_the_package_imports_are_relative(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level or (node.module or "").split(".")[0] != "tastemaker", f"{names(path)}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_modules_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300 or names(path) in VOCABULARY
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring.splitlines()[0].rstrip().endswith((".", ":", ")", "``")), names(path)
    assert path.stem not in {"utils", "helpers", "misc", "common"}


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= 40 or len(body) == 1, f"{names(path)}:{node.lineno} {node.name} has {length} lines"
