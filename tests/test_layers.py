"""Check that imports point one way and that libraries stay in their folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "core": {"core"},
    "models": {"core", "models"},
    "stores": {"core", "stores"},
    "tools": {"core", "models", "stores", "tools"},
    "agents": {"core", "models", "stores", "tools", "agents", "prompts"},
    "graphs": {"core", "models", "stores", "tools", "agents", "prompts", "graphs"},
    "api": {"core", "models", "stores", "tools", "agents", "prompts", "graphs", "api"},
    "evals": {"core", "models", "stores", "tools", "agents", "prompts", "graphs", "api", "evals"},
    "prompts": {"prompts"},
}
DOORS = "api/cli/"  # the command line starts what lies above it, inside its functions
MODEL_LIBRARIES = {
    "ctranslate2", "faster_whisper", "onnx", "onnxruntime", "open_clip", "openai", "safetensors", "timm", "tokenizers",
    "torch", "torchvision", "transformers", "vllm",
}  # fmt: skip
OWNERS = {
    **{library: {"models"} for library in MODEL_LIBRARIES},
    "torch": {"models", "evals"},  # baselines are trained too
    "langgraph": {"graphs"},
    "langchain": {"evals"},
    "langchain_openai": {"evals"},
    "lancedb": {"stores", "evals"},  # a floor of bench load is LanceDB alone
    "sqlalchemy": {"stores"},
    "implicit": {"stores", "models", "evals"},
    "lightgbm": {"models", "evals"},
    "fastapi": {"api", "evals"},
    "langserve": {"api"},
    "typer": {"api"},
}
MODULES = sorted(p for folder in MAY_IMPORT for p in (ROOT / folder).glob("**/*.py"))


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Facts(NamedTuple):
    """What the tests ask of a module: (absolute module name, line, inside a function) of imports, lines of plain ones, functions."""

    text: str
    docstring: str
    imports: tuple[tuple[str, int, bool], ...]
    absolute: tuple[tuple[str, int], ...]
    functions: tuple[tuple[str, int, int, int], ...]


@cache
def facts(path: Path) -> Facts:
    """Return what is asked of a module, read once."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    package = ["tastemaker", *path.relative_to(ROOT).parts[:-1]]
    found: list[tuple[str, int, bool]] = []
    absolute: list[tuple[str, int]] = []
    functions: list[tuple[str, int, int, int]] = []
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = True
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            functions.append((node.name, node.lineno, length, len(body)))
        elif isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                absolute.append((node.module or "", node.lineno))
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            modules = [f"tastemaker.{alias.name}" for alias in node.names] if module == "tastemaker" else [module]
            found += [(name, node.lineno, inside) for name in modules]
        waiting += [(child, inside) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
    return Facts(text, ast.get_docstring(tree) or "", tuple(found), tuple(absolute), tuple(functions))


def test_imports_point_one_way() -> None:
    assert list(imports_the_wrong_way()) == []


def imports_the_wrong_way() -> Iterator[str]:
    for path in MODULES:
        folder = path.relative_to(ROOT).parts[0]
        for module, line, in_function in facts(path).imports:
            parts = module.split(".")
            if parts[0] != "tastemaker" or len(parts) < 2 or parts[1] not in MAY_IMPORT:
                continue
            door = names(path).startswith(DOORS) and in_function and parts[1] == "evals"
            if not door and parts[1] not in MAY_IMPORT[folder]:
                yield f"{names(path)}:{line} imports {module}"


def test_libraries_stay_in_their_folder() -> None:
    strays = [
        f"{names(path)}:{line} imports {top}, which belongs to {OWNERS[top]}"
        for path in MODULES
        for module, line, _ in facts(path).imports
        if path.relative_to(ROOT).parts[0]
        not in OWNERS.get(top := module.split(".")[0], {path.relative_to(ROOT).parts[0]})
    ]
    assert strays == []


def test_inside_the_package_imports_are_relative() -> None:
    absolute = [(names(path), line, module) for path in MODULES for module, line in facts(path).absolute]
    assert [(name, line) for name, line, module in absolute if module.split(".")[0] == "tastemaker"] == []


def test_modules_are_short_and_say_what_they_are() -> None:
    assert [names(path) for path in MODULES if len(facts(path).text.splitlines()) > 400] == []
    ends = (".", ":", ")", "``")
    assert [names(p) for p in MODULES if not facts(p).docstring.partition("\n")[0].rstrip().endswith(ends)] == []
    assert [names(path) for path in MODULES if path.stem in {"utils", "helpers", "misc", "common"}] == []


def test_functions_are_short() -> None:
    long = [
        f"{names(path)}:{line} {name} has {length} lines"
        for path in MODULES
        for name, line, length, statements in facts(path).functions
        if length > 60 and statements != 1
    ]
    assert long == []


def test_no_circle_of_imports() -> None:
    modules = {dotted(path): path for path in MODULES}
    waiting = {name: {m for m in imported(path) if m in modules and m != name} for name, path in modules.items()}
    while free := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in free}
    assert sorted(waiting) == []


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["tastemaker", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def imported(path: Path) -> set[str]:
    """Return every module that a module names, also inside functions; types alone do not count."""
    tree = ast.parse(facts(path).text)
    for_types = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    package = ["tastemaker", *path.relative_to(ROOT).parts[:-1]]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in for_types:
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found
