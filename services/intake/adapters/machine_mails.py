"""Whose a machine's mail is, so that it is sealed under their key and erased with it."""

from uuid import UUID

import asyncpg

WHOSE = """
    SELECT coalesce(
        (SELECT c.customer_id FROM message_index m JOIN conversation c USING (conversation_id) WHERE m.message_id = $1),
        (SELECT customer_id FROM tracking WHERE case_id = $2),
        (SELECT customer_id FROM customer_address WHERE address_kind = 'email' AND address = $3))"""


async def customer_of_mail(
    raw: asyncpg.Connection, about_message: UUID | None, about_case: UUID | None, sender: str
) -> UUID | None:
    """Give the customer of the message or the case that a mail is about, else who writes from its sender's address.

    `sender` is the look-up value of the address. None when nobody is known: the mail is a subject of its own then.
    """
    found: UUID | None = await raw.fetchval(WHOSE, about_message, about_case, sender)
    return found
