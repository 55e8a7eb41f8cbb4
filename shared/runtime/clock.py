"""The one place that reads the clock and makes ids; rules get both in their commands."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils


def now() -> datetime:
    """Give the current instant in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Make a time-ordered id (UUIDv7, RFC 9562 section 5.7)."""
    return UUID(int=uuid_utils.uuid7().int)
