"""Look-up values in the place of addresses and of what was said: equal texts are found, and no text can be told."""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from services.intake.domain.policies.identity import conversation_id, mail_id, message_id
from shared.eventstore.database import Database
from shared.eventstore.vault import Vault
from shared.runtime.telemetry import log

MARK = "blind:"
PURPOSE = "the look-up values of intake"
PAGE = 5_000
OPEN_ADDRESSES = f"""
    SELECT address_kind, address FROM customer_address WHERE NOT starts_with(address, '{MARK}') LIMIT {PAGE}"""
BLIND_ADDRESSES = """
    UPDATE customer_address a SET address = n.blind
    FROM unnest($1::text[], $2::text[], $3::text[]) AS n(kind, address, blind)
    WHERE a.address_kind = n.kind AND a.address = n.address"""
OPEN_MESSAGES = f"""
    SELECT message_id, channel_message_id, content_hash FROM message_index
    WHERE NOT starts_with(content_hash, '{MARK}') LIMIT {PAGE}"""
BLIND_MESSAGES = """
    UPDATE message_index m SET channel_message_id = n.their_id, content_hash = n.hash
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(id, their_id, hash) WHERE m.message_id = n.id"""


class Blind:
    """Turns texts into look-up values under a key of the vault; without a vault texts are looked up as they are.

    `bare_ids` tells whether there are conversations and messages from before there was a vault, whose ids have no key.
    """

    def __init__(self, vault: Vault | None = None) -> None:
        self._vault = vault
        self._key: bytes | None = None
        self.bare_ids = False

    def __call__(self, text: str) -> str:
        """Give the look-up value of a text; it is the same for the same text."""
        if self._vault is None:
            return text
        if self._key is None:
            raise RuntimeError("look-up values are asked for before the vault was opened")
        return (
            MARK + urlsafe_b64encode(hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")).decode()
        )

    def conversation(self, channel: str, key: str) -> UUID:
        """Give the id of a conversation: a channel's key for it may be a phone number, which a bare hash would tell."""
        return conversation_id(channel, self(key))

    def message(self, channel: str, dedupe_key: str) -> UUID:
        """Give the id of a message that came in."""
        return message_id(channel, self(dedupe_key))

    def mail(self, dedupe_key: str) -> UUID:
        """Give the id of an automatic mail."""
        return mail_id(self(dedupe_key))

    @property
    def hides(self) -> bool:
        """Whether there is a vault, and texts are not looked up as they are."""
        return self._vault is not None

    async def open(self) -> "Blind":
        """Get the key; nothing can be looked up before. Raises what TRANSIENT names when the vault is away."""
        if self._vault is not None:
            self._key = await self._vault.blind(PURPOSE)
        return self


async def blind_what_is_open(database: Database, blind: Blind) -> int:
    """Blind the rows that were written before there was a vault, page by page; gives how many there were.

    Done again, or broken off and begun again, it changes nothing that is blind already.
    """
    done = 0
    if not blind.hides:
        return done
    while count := await _addresses(database, blind) + await _messages(database, blind):
        done += count
        log.info("look-up values made", rows=done)
    async with database.connection() as tx:
        blind.bare_ids = bool(await tx.raw.fetchval("SELECT there FROM bare_ids"))
    return done


async def _addresses(database: Database, blind: Blind) -> int:
    async with database.transaction() as tx:
        rows = await tx.raw.fetch(OPEN_ADDRESSES)
        kinds, addresses = [row["address_kind"] for row in rows], [row["address"] for row in rows]
        if rows:
            await tx.raw.execute(BLIND_ADDRESSES, kinds, addresses, [blind(address) for address in addresses])
    return len(rows)


async def _messages(database: Database, blind: Blind) -> int:
    async with database.transaction() as tx:
        rows = await tx.raw.fetch(OPEN_MESSAGES)
        theirs = [row["channel_message_id"] for row in rows]
        if rows:
            await tx.raw.execute("INSERT INTO bare_ids VALUES (true) ON CONFLICT DO NOTHING")
            await tx.raw.execute(
                BLIND_MESSAGES,
                [row["message_id"] for row in rows],
                [None if one is None else blind(one) for one in theirs],
                [blind(row["content_hash"]) for row in rows],
            )
    return len(rows)


AS_IT_IS = Blind()
"""For tests of the rules, and for whoever has no vault."""
