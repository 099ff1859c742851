"""Check that what is listed, linked, present on disk and shipped in the wheel is the same."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_SHIPPED = ("api/demo/source/", "api/client/javascript/")  # what the bundled data were made from
NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.egg-info", "build", "dist", ".venv", "*.db")
OF_EXTRAS = {
    "lightfm",
    "torch",
    "torchvision",
    "open_clip",
    "timm",
    "transformers",
    "huggingface_hub",
    "vllm",
    "asyncpg",
}
COMES_WITH = {  # part of the interface of the distribution that brings it
    "ag_ui": "ag-ui-langgraph",
    "ctranslate2": "faster-whisper",
    "httpx2": "openai",
    "langchain_core": "langgraph",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
    "threadpoolctl": "implicit",
}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def folders_with_code() -> Iterator[Path]:
    for init in ROOT.glob("**/__init__.py"):
        folder = init.parent.relative_to(ROOT)
        if (
            not folder.parts
            or folder.parts[0] in {"tests", "src", "build", "scripts", "examples"}
            or folder.parts[0].startswith(".")
        ):
            continue
        yield folder


def test_every_folder_is_found(pyproject: dict[str, Any]) -> None:
    from setuptools import find_packages

    (where,) = pyproject["tool"]["setuptools"]["packages"]["find"]["where"]
    expected = {"tastemaker." + ".".join(folder.parts) for folder in folders_with_code()}
    assert set(find_packages(str(ROOT / where))) == expected | {"tastemaker"}


def test_every_folder_of_code_is_a_package() -> None:
    with_code = {p.parent.relative_to(ROOT).as_posix() for name in top_folders() for p in (ROOT / name).glob("**/*.py")}
    assert with_code == {folder.as_posix() for folder in folders_with_code()}


def top_folders() -> set[str]:
    return {folder.parts[0] for folder in folders_with_code()}


def test_every_folder_is_linked() -> None:
    links = {p.name: p for p in (ROOT / "src" / "tastemaker").iterdir() if p.is_symlink()}
    assert set(links) == top_folders()
    for name, link in links.items():
        assert str(link.readlink()) == f"../../{name}", f"{link} must be a relative link"


def test_links_are_the_only_folders_in_src() -> None:
    inside = [p for p in (ROOT / "src" / "tastemaker").iterdir() if p.is_dir() and not p.is_symlink()]
    assert [p.name for p in inside if p.name != "__pycache__"] == []


FACES = {"core/schemas", "core/settings"}  # packages that hand on the names of their files


def test_packages_have_a_docstring_and_nothing_else() -> None:
    for folder in folders_with_code():
        body = ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8")).body
        assert ast.get_docstring(ast.Module(body, []))
        assert len(body) == 1 or folder.as_posix() in FACES


def test_imported_distributions_are_declared(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    declared = {canonical(re.split(r"[^A-Za-z0-9._-]", r, maxsplit=1)[0]) for r in wanted}
    owners = importlib.metadata.packages_distributions()
    undeclared = {}
    for path, name in third_party_imports():
        distributions = {canonical(d) for d in owners.get(name, [name])} | {COMES_WITH.get(name, "")}
        if not distributions & declared and name not in OF_EXTRAS:
            undeclared[name] = path
    assert sorted(undeclared.items()) == []


def third_party_imports() -> Iterator[tuple[str, str]]:
    for name in top_folders():
        for path in (ROOT / name).glob("**/*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    modules = [node.module]
                else:
                    continue
                for module in {m.split(".")[0] for m in modules} - set(sys.stdlib_module_names) - {"tastemaker"}:
                    yield str(path.relative_to(ROOT)), module


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_locks_are_exact_and_name_no_host() -> None:
    line = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+")
    for name in ("app", "dev", "train"):
        lines = (ROOT / "scripts" / "locks" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
        pins = [entry for entry in lines if not entry.startswith("#")]
        assert len(pins) > 50
        assert [entry for entry in pins if not line.fullmatch(entry)] == []


def test_locks_satisfy_the_project(pyproject: dict[str, Any]) -> None:
    from packaging.requirements import Requirement

    project = pyproject["project"]
    extras = project["optional-dependencies"]
    app = [*project["dependencies"], *(r for name in ("langserve", "bench", "ocr", "music") for r in extras[name])]
    dev = [*app, *extras["dev"], *extras["docs"]]
    for name, wanted in (("app", app), ("dev", dev), ("train", [*dev, *extras["train"]])):
        lines = (ROOT / "scripts" / "locks" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
        pins = {canonical(k): v for k, _, v in (entry.partition("==") for entry in lines if "==" in entry)}
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(pins[canonical(requirement.name)], prereleases=True), requirement


def test_importing_the_package_is_cheap() -> None:
    heavy = "{'numpy', 'torch', 'onnxruntime', 'langgraph', 'lancedb', 'fastapi', 'pydantic'}"
    code = f"import sys, tastemaker; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_no_door_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; from tastemaker.api.http.app import create_app; from tastemaker.core.settings import Settings; "
        "create_app(None, Settings()); print(sorted({'mcp', 'ag_ui', 'langchain', 'openai', 'langgraph'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive and the wheel from a copy of the checkout, without network, and return their folder."""
    pytest.importorskip("setuptools", minversion="77", reason="needs setuptools 77, as scripts/locks/dev.lock has it")
    work = tmp_path_factory.mktemp("build")
    shutil.copytree(ROOT, work / "copy", symlinks=True, ignore=NOT_COPIED)
    code = "from setuptools import build_meta as b; b.build_sdist('../out'); b.build_wheel('../out')"
    (work / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=work / "copy", capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return work / "out"


@pytest.fixture(scope="module")
def in_wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.mark.slow
def test_the_wheel_owns_one_name(in_wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in in_wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tastemaker"}


@pytest.mark.slow
def test_every_file_is_in_the_wheel(in_wheel: set[str]) -> None:
    expected = {"tastemaker/py.typed", "tastemaker/__init__.py", "tastemaker/__main__.py"}
    for name in top_folders():
        for path in (ROOT / name).glob("**/*"):
            relative = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and not relative.startswith(NOT_SHIPPED):
                expected.add(f"tastemaker/{relative}")
    assert expected - in_wheel == set()
    assert not [name for name in in_wheel if "/tests/" in name or name.startswith(tuple(NOT_SHIPPED))]


@pytest.mark.slow
def test_the_source_archive_builds_the_same_wheel(built: Path, in_wheel: set[str], tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    code = "from setuptools import build_meta as b; b.build_wheel('.')"
    source = next(tmp_path.iterdir())
    subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, check=True, timeout=200)
    with zipfile.ZipFile(next(source.glob("*.whl"))) as wheel:
        assert set(wheel.namelist()) == in_wheel


def test_nothing_strays_into_the_root() -> None:
    kept = {
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "NOTICE",
        "README.md",
        "langgraph.json",
        "pyproject.toml",
    }
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert {name for name in listed if name and "/" not in name} <= kept
