"""The parameter `as_of`: an instant of the past, as of which a question is answered with what was known then."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.dependencies.utils import get_flat_params
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from shared.kernel.errors import MalformedInput
from shared.runtime.clock import now

INSTANTS = frozenset({"as_of", "as_effective_at"})
MEANING = "Answer with what was known at this instant, that is recorded until then."
EXAMPLE = "2026-11-24T09:30:00Z"
FIX = "send a date, a time and a zone: 2026-11-24T09:30:00Z"


def instant(text: str, field: str) -> datetime:
    """Read an ISO 8601 instant; raises MalformedInput naming the field when it has no zone or is yet to come."""
    try:
        # In a query string a plus that is not escaped arrives as a space.
        read = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError as error:
        raise MalformedInput(f"{text!r} is not an instant", field=field, fix=FIX) from error
    if read.tzinfo is None:
        raise MalformedInput(f"{text!r} has no zone, so it names no instant", field=field, fix=FIX)
    if read > now():
        raise MalformedInput(
            f"{text} is yet to come; nobody knows yet what will be known then",
            field=field,
            fix="send an instant that has passed, or leave it out for the present",
        )
    return read


async def as_of_instant(
    as_of: Annotated[
        str | None,
        Query(description=MEANING, examples=[EXAMPLE], max_length=64),
    ] = None,
) -> datetime | None:
    """FastAPI dependency: the instant that is asked about, None for the present; raises MalformedInput."""
    return None if as_of is None else instant(as_of, "as_of")


AsOf = Annotated[datetime | None, Depends(as_of_instant)]


class AsOfQuery(BaseModel):
    """The base of a list's parameters: `as_of` is among them, but `AsOf` reads it."""

    model_config = ConfigDict(extra="forbid")

    as_of: str | None = Field(default=None, description=MEANING, examples=[EXAMPLE], max_length=64)


async def only_where_read(request: HTTPConnection) -> None:
    """FastAPI dependency of a whole app: refuse an instant where it is not read, rather than answer with the present.

    Raises MalformedInput.
    """
    if sent := INSTANTS & request.query_params.keys():
        dependant = request.scope["route"].dependant
        read = {field.alias for field in get_flat_params(dependant)}
        for name in sorted(sent - read):
            raise MalformedInput(
                "this can be asked of the present only", field=name, fix=f"leave {name} out; /openapi.json has the rest"
            )
