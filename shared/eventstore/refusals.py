"""What may be appended at all, and what the append function refuses, as errors that a caller can act on."""

from collections.abc import Awaitable, Callable

import asyncpg

from shared.kernel.errors import ReusedCommandId, StaleVersion

Admit = Callable[[asyncpg.Connection], Awaitable[None]]
"""Raises when nothing may be appended now."""


async def always(_raw: asyncpg.Connection) -> None:
    """Admit every append."""


def understood(error: asyncpg.PostgresError) -> Exception:
    """Turn what the append function refuses into the error that a caller can act on."""
    cause: Exception = error
    match error.sqlstate:
        case "RC001":
            return StaleVersion(str(error), fix="read the case again and decide again")
        case "RC002":
            return ReusedCommandId(str(error), field="Idempotency-Key", fix="send a new id with a new command")
        case "23505" if getattr(error, "constraint_name", "") == "event_stream_version":
            return StaleVersion(str(error), fix="read the case again and decide again")
        case _:
            return cause
