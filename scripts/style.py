"""Print the figures of style of the library: ``python scripts/style.py [ROOT]``; needs nothing but Python."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOMS = ("agents", "tools", "graphs", "core", "models", "stores", "api", "evals")
STATEMENTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
EXPRESSIONS = (ast.IfExp, ast.comprehension)
LONG_FUNCTION, LONG_MODULE = 60, 350


def main(root: Path) -> None:
    """Print lines of functions and their complexity (McCabe 1976), lines of files, and what is long."""
    files = {p.relative_to(root): p.read_text(encoding="utf-8") for room in ROOMS for p in (root / room).rglob("*.py")}
    lines = {path: len(text.splitlines()) for path, text in files.items()}
    functions = [(*found, path) for path, text in files.items() for found in functions_of(ast.parse(text))]
    real = [n for path, n in lines.items() if path.name != "__init__.py"]
    print(f"functions  {len(functions)}: {spread([n for _, n, *_ in functions])} lines")
    print(
        f"complexity {spread([c for _, _, c, *_ in functions])}; with conditions within expressions {spread([c for _, _, _, c, _ in functions])}"
    )
    print(f"files      {len(real)}: {spread(real)} lines")
    print(
        f"lines      {sum(lines.values())}, {sum(n for p, n in lines.items() if p.parts[0] != 'evals')} without evals"
    )
    for name, n, *_, path in sorted(functions, key=lambda f: -f[1]):
        if n > LONG_FUNCTION:
            print(f"  {n} lines: {name} in {path}")
    for path, n in sorted(lines.items(), key=lambda f: -f[1]):
        if n > LONG_MODULE:
            print(f"  {n} lines: {path}")


def functions_of(tree: ast.Module) -> Iterator[tuple[str, int, int, int]]:
    """Yield name, lines and complexity of each function: its own branching statements, then also what branches within expressions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements, expressions = map(sum, zip((1, 0), *map(branches, node.body), strict=True))
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1, statements, statements + expressions


def branches(node: ast.AST) -> tuple[int, int]:
    """Return how many statements and how many parts of expressions branch in ``node``, functions within it left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0, 0
    within = len(node.values) - 1 if isinstance(node, ast.BoolOp) else int(isinstance(node, EXPRESSIONS))
    own = (int(isinstance(node, STATEMENTS)), within)
    statements, expressions = map(sum, zip(own, *map(branches, ast.iter_child_nodes(node)), strict=True))
    return statements, expressions


def spread(values: Sequence[int]) -> str:
    """Return median, 90th percentile and greatest of the values."""
    ordered = sorted(values)
    return f"median {statistics.median(ordered):.0f}, p90 {ordered[int(0.9 * len(ordered))]}, most {ordered[-1]}"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
