"""What the import contracts in pyproject.toml cannot say: how much of Django a pure rule may know."""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {"django.utils.translation", "django.utils.functional", "django.utils.safestring", "django.utils.html"}
ALLOWED_NAMES = {("django.db.models", "TextChoices"), ("django.db.models", "IntegerChoices")}

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
PURE = next(contract["source_modules"] for contract in CONTRACTS if contract["type"] == "forbidden")


@pytest.mark.parametrize("module", PURE)
def test_a_pure_rule_takes_only_texts_and_enumerations_from_django(module: str) -> None:
    assert [found for path in _files(module) for found in _forbidden_imports(path)] == []


def test_the_ground_has_no_circle_of_imports() -> None:
    """Imports inside functions count, too: a circle that is hidden is still one."""
    modules = {_dotted(path): path for path in _files("revops.foundation") if "migrations" not in path.parts}
    graph = {name: {found for found in _imported(path, modules) if found != name} for name, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError and names the circle


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: Iterable[str]) -> Iterator[str]:
    """Which of the modules one imports, itself or by a name of its own."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield from (one for one in ((inner,) if inner in modules else (node.module,)) if one in modules)


def _files(module: str) -> list[Path]:
    path = ROOT / module.replace(".", "/")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def _forbidden_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "django" and name.name not in ALLOWED:
                    yield f"{path.relative_to(ROOT)}:{node.lineno} imports {name.name}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "django":
            for name in node.names:
                if node.module not in ALLOWED and (node.module, name.name) not in ALLOWED_NAMES:
                    yield f"{path.relative_to(ROOT)}:{node.lineno} imports {node.module}.{name.name}"
