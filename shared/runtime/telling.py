"""Errors in words for operators, without what a customer wrote: what it is, of which field, and where it was raised."""

from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from types import CodeType

import asyncpg
import httpx
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.kernel.errors import RecourseError

ROOT = Path(__file__).parents[2]
OURS = ("shared", "services", "deploy")
# What our validators say of a value may quote it; what pydantic itself says of these kinds never does.
SAYS_THE_VALUE = ("value_error", "assertion_error", "union_tag_invalid")


def tell(error: BaseException) -> str:
    """Name an error in one line, and where in our code it was raised.

    What it says is told where that is about the network, the database's state or the form of a body. The words of any
    other error are left out: they may quote what somebody wrote.
    """
    said = _said(error)
    place = next((f"{place} in {name}" for place, name in reversed(list(_frames(error))) if place.startswith(OURS)), "")
    at = f" at {place}" if place and not said else ""
    return f"{said or type(error).__name__}{at}"


def tell_whole(error: BaseException) -> str:
    """Give the traceback of an error and of those that caused it, with what `tell` says of each and no word more."""
    lines: list[str] = []
    for number, one in enumerate(_chain(error)):
        lines.append(f"{'caused by ' if number else ''}{tell(one)}")
        lines += [f"  {place} in {name}" for place, name in _frames(one)]
    return "\n".join(lines)


def _said(error: BaseException) -> str | None:
    name = type(error).__name__
    match error:
        case ValidationError():
            return f"{error.title} does not fit its contract: {'; '.join(_problems(error))}"
        case asyncpg.PostgresConnectionError() | asyncpg.InterfaceError() | KafkaError():
            return f"{name}: {error}"
        case asyncpg.PostgresError():
            where = [error.sqlstate, getattr(error, "table_name", None), getattr(error, "constraint_name", None)]
            return f"{name}: {' '.join(filter(None, where))}"
        case httpx.HTTPStatusError():
            return f"{name}: {error.response.status_code}"
        case RecourseError():
            return f"{name}: {error.field}" if error.field else None
        case OSError():
            return f"{name}: {error}"
        case _:
            return None


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(map(str, one["loc"])) or error.title
        yield f"{place}: {one['type'] if one['type'] in SAYS_THE_VALUE else one['msg']}"


def _frames(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give where an error passed through, the outermost first, as `file:line` and the function's name."""
    for frame, line in walk_tb(error.__traceback__):
        yield f"{_file(frame.f_code)}:{line}", frame.f_code.co_name


def _file(code: CodeType) -> str:
    path = Path(code.co_filename)
    if path.is_relative_to(ROOT):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in OURS:
            return inside.as_posix()
    return "/".join(path.parts[-2:])


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
