"""Pages that stay stable while rows are added: each goes on after the last row of the one before."""

import base64
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy import Column, ColumnElement, RowMapping, Select, literal, tuple_

from shared.kernel.errors import MalformedInput

T = TypeVar("T")
Ordering = Sequence[Column[Any]]
FIX = "send `next` of the page before, as it came, with the same filters and sort"


class Page(BaseModel, Generic[T]):
    """One page; `next` is what to send as `after` for the following one, absent on the last."""

    items: list[T]
    next: str | None = Field(default=None, examples=["WyJuZXdlc3QiLCIyMDI2LTExLTI0VDA4OjAwOjAwKzAwOjAwIiwi4oCmIl0"])


def cut(
    query: Select[Any], order: Ordering, *, descending: bool, name: str, after: str | None, limit: int
) -> Select[Any]:
    """Order a query, start it after a cursor and take one row more than the page holds, to know if there is a next.

    `name` is the ordering's, so that a cursor of another one is refused. Raises MalformedInput for `after`.
    """
    if after is not None:
        last = tuple_(
            *(literal(value, column.type) for column, value in zip(order, _read(after, name, order), strict=True))
        )
        here = tuple_(*order)
        query = query.where(here < last if descending else here > last)
    ordered: list[ColumnElement[Any]] = [column.desc() if descending else column.asc() for column in order]
    return query.order_by(*ordered).limit(limit + 1)


def next_after(rows: Sequence[RowMapping], order: Ordering, *, name: str, limit: int) -> str | None:
    """Give the cursor after the last row of a page, None when `cut` found no row beyond it."""
    if len(rows) <= limit:
        return None
    return pack([name, *(_plain(rows[limit - 1][column.name]) for column in order)])


def pack(values: object) -> str:
    """Make an opaque cursor of plain values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).rstrip(b"=").decode()


def unpack(cursor: str) -> Any:
    """Read what `pack` made; raises MalformedInput for `after`."""
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise MalformedInput("is not a cursor of this API", field="after", fix=FIX) from error


def _read(after: str, name: str, order: Ordering) -> list[Any]:
    values = unpack(after)
    if not isinstance(values, list) or len(values) != len(order) + 1 or values[0] != name:
        raise MalformedInput("is a cursor of another list or sort", field="after", fix=FIX)
    try:
        return [
            TypeAdapter(column.type.python_type).validate_python(v) for column, v in zip(order, values[1:], strict=True)
        ]
    except ValidationError as error:
        raise MalformedInput("is not a cursor of this API", field="after", fix=FIX) from error


def _plain(value: object) -> object:
    match value:
        case date():  # and every datetime is one
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value
