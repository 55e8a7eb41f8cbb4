"""Where a message belongs: reads of the index tables, one round trip each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.intake.adapters.blinding import Blind
from services.intake.domain.policies.identity import next_case_id

PLACE = """
    SELECT c.case_id, c.acknowledged_at, t.code, t.closed, c.forgotten OR t.forgotten AS forgotten,
        (SELECT json_agg(json_build_array(m.message_id, m.case_id, m.conversation_id, m.content_hash, k.code))
            FROM message_index m JOIN tracking k USING (case_id) WHERE m.message_id = ANY($2::uuid[])) AS known,
        (SELECT json_agg(json_build_array(a.address_kind, a.address, a.customer_id, s.needs > 0, s.open_channel))
            FROM unnest($3::text[], $4::text[]) AS w(kind, address)
            JOIN customer_address a ON a.address_kind = w.kind AND a.address = w.address
            LEFT JOIN customer_standing s ON s.customer_id = a.customer_id) AS customers
    FROM (SELECT $1::uuid AS id) AS wanted
    LEFT JOIN conversation c ON c.conversation_id = wanted.id
    LEFT JOIN tracking t ON t.case_id = c.case_id"""
BARE = """
    SELECT conversation_id FROM conversation WHERE conversation_id = $1
    UNION ALL SELECT message_id FROM message_index WHERE message_id = ANY($2::uuid[])"""
BY_CODE = (
    "SELECT case_id, code, closed FROM tracking WHERE code = ANY($1::text[]) AND NOT forgotten"
    " ORDER BY array_position($1, code) LIMIT 1"
)
THREAD = """
    SELECT m.conversation_id, m.message_id FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS r(ref, own, nth)
    JOIN message_index m ON m.channel = 'email' AND (m.channel_message_id = r.ref OR m.message_id = r.own)
    ORDER BY r.nth, m.recorded_at LIMIT 1"""
OURS = """
    SELECT message_id, case_id FROM message_index
    WHERE message_id = ANY($1::uuid[]) AND NOT inbound ORDER BY array_position($1, message_id) LIMIT 1"""
ACKNOWLEDGED_TODAY = """
    SELECT count(*) FROM customer_address a JOIN conversation c USING (customer_id)
    WHERE a.address_kind = $1 AND a.address = $2 AND c.acknowledged_at > $3::timestamptz - interval '24 hours'"""

Address = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """A message that is recorded already."""

    case_id: UUID
    conversation_id: UUID
    content_hash: str
    tracking_code: str


@dataclass(frozen=True, slots=True)
class Stands:
    """How a customer is received: whether they come first, and the one channel that a measure left open, if any."""

    first: bool = False
    open_channel: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation stands: the case that its next message joins or opens, and who and what is known.

    `tracking_code` is None when that case is to be opened; `linked_case_id` is the closed case it follows.
    """

    case_id: UUID
    tracking_code: str | None
    linked_case_id: UUID | None
    acknowledged_at: datetime | None
    known: dict[UUID, Known]
    customers: dict[Address, UUID]
    standing: dict[UUID, Stands]


async def find_place(
    raw: asyncpg.Connection,
    conversation_id: UUID,
    message_ids: Sequence[UUID],
    addresses: Sequence[Address],
    codes: Sequence[str],
) -> Place:
    """Find the case of a conversation; a new conversation joins the case whose tracking code it quotes.

    `addresses` are given, and given back, as look-up values.
    """
    row = await raw.fetchrow(
        PLACE, conversation_id, message_ids, [kind for kind, _ in addresses], [address for _, address in addresses]
    )
    case_id, code, closed = row["case_id"], row["code"], row["closed"]
    if case_id is None and codes:
        quoted = await raw.fetchrow(BY_CODE, list(codes))
        if quoted is not None:
            case_id, code, closed = quoted["case_id"], quoted["code"], quoted["closed"]
    known = {
        UUID(message): Known(UUID(case), UUID(conversation), content, of)
        for message, case, conversation, content, of in json.loads(row["known"] or "[]")
    }
    found = json.loads(row["customers"] or "[]")
    customers = {(kind, address): UUID(who) for kind, address, who, _, _ in found}
    standing = {UUID(who): Stands(bool(first), channel) for _, _, who, first, channel in found}
    if row["forgotten"]:
        return Place(next_case_id(conversation_id, case_id), None, None, None, known, customers, standing)
    if case_id is not None and not closed:
        return Place(case_id, code, None, row["acknowledged_at"], known, customers, standing)
    opened = next_case_id(conversation_id, case_id)
    return Place(opened, None, case_id, row["acknowledged_at"], known, customers, standing)


async def known_ids(raw: asyncpg.Connection, conversation_id: UUID, message_ids: Sequence[UUID]) -> set[UUID]:
    """Give those of the ids, of a conversation and of messages, that there are."""
    return {row[0] for row in await raw.fetch(BARE, conversation_id, list(message_ids))}


async def find_thread(raw: asyncpg.Connection, refs: Sequence[str], blind: Blind) -> tuple[UUID, UUID] | None:
    """Give (conversation id, message id) of the nearest mail that is named, theirs or ours; None when none is known."""
    named = [blind(ref) for ref in refs]
    row = await raw.fetchrow(THREAD, named, [own_message(ref) for ref in refs]) if refs else None
    return (row["conversation_id"], row["message_id"]) if row else None


async def find_own(raw: asyncpg.Connection, refs: Sequence[str]) -> tuple[UUID, UUID] | None:
    """Give (message id, case id) of the first of our own mails that is named; None when none is."""
    own = [message for ref in refs if (message := own_message(ref))]
    row = await raw.fetchrow(OURS, own) if own else None
    return (row["message_id"], row["case_id"]) if row else None


async def find_case(raw: asyncpg.Connection, codes: Sequence[str]) -> UUID | None:
    """Give the case of the first tracking code that is one."""
    row = await raw.fetchrow(BY_CODE, list(codes)) if codes else None
    return row["case_id"] if row else None


async def acknowledged_today(raw: asyncpg.Connection, address: Address, now: datetime) -> int:
    """Count the conversations in which this address (a look-up value) got an acknowledgement in the last 24 hours."""
    count: int = await raw.fetchval(ACKNOWLEDGED_TODAY, *address, now)
    return count


def own_message(ref: str) -> UUID | None:
    """Give the message id that one of our own Message-IDs holds before its @; None for others'."""
    try:
        return UUID(ref.split("@", 1)[0])
    except ValueError:
        return None
