"""Every public function says what it does, or belongs to a protocol that says it."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.tree import module_of, parsed, sources

Function = ast.FunctionDef | ast.AsyncFunctionDef
CODE = sources("shared", "services")


def _functions(body: list[ast.stmt]) -> Iterator[Function]:
    return (node for node in body if isinstance(node, Function) and not node.name.startswith("_"))


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in parsed(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


@cache
def protocol_methods() -> frozenset[str]:
    """The methods of documented protocols: what they do is said there."""
    return frozenset(
        function.name
        for path in CODE
        for node in _classes(path)
        if any(ast.unparse(base).partition("[")[0].endswith("Protocol") for base in node.bases)
        and ast.get_docstring(node)
        for function in _functions(node.body)
    )


def _silent(path: Path) -> Iterator[str]:
    for function in _functions(parsed(path).body):
        if not ast.get_docstring(function):
            yield function.name
    for node in _classes(path):
        cls = getattr(module_of(path), node.name)
        for function in _functions(node.body):
            said = inspect.getdoc(inspect.getattr_static(cls, function.name))
            inherited = any(
                inspect.getdoc(vars(base)[function.name]) for base in cls.__mro__[1:] if function.name in vars(base)
            )
            if not said and not inherited and not (function.name in protocol_methods() and _is_trivial(function)):
                yield f"{node.name}.{function.name}"


def _is_trivial(function: Function) -> bool:
    """One statement: an answer, or nothing at all as in the protocol itself."""
    return len(function.body) == 1 and isinstance(function.body[0], ast.Return | ast.Expr)


@pytest.mark.parametrize("package", sorted({"/".join(path.parts[:2]) for path in CODE}))
def test_every_public_function_says_what_it_does(package: str) -> None:
    folder = Path(package)
    assert [f"{path}: {name}" for path in CODE if path.is_relative_to(folder) for name in _silent(path)] == []


@pytest.mark.parametrize("package", sorted({"/".join(path.parts[:2]) for path in CODE}))
def test_every_public_class_says_what_it_is(package: str) -> None:
    folder = Path(package)
    silent = [
        f"{path}: {node.name}"
        for path in CODE
        if path.is_relative_to(folder)
        for node in _classes(path)
        if not ast.get_docstring(node) and not inspect.getdoc(getattr(module_of(path), node.name))
    ]
    assert silent == []
