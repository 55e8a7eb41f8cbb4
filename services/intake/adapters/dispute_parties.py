"""Finds the other side of a dispute by what is known of them: who they are, and where they are told."""

from typing import NamedTuple
from uuid import UUID, uuid5

from services.intake.adapters.parties import Parties
from services.intake.domain.commands import Customer
from services.intake.domain.policies.wording import FALLBACK
from services.intake.domain.state import Conversation
from shared.contracts.intake import CustomerIdentified, MessageSent
from shared.contracts.intake_drafts import ReplyDrafted, ReplyReleased
from shared.contracts.intake_parties import DisputeOpened, PartyJoined
from shared.eventstore.seal import ERASED
from shared.kernel.errors import NotFound

NEWEST = """
    SELECT conversation_id, case_id FROM conversation c
    WHERE customer_id = $1 AND ($2::uuid IS NULL OR conversation_id = $2)
    ORDER BY (SELECT max(recorded_at) FROM message_index m WHERE m.conversation_id = c.conversation_id) DESC LIMIT 1"""
BY_ADDRESS = "SELECT customer_id FROM customer_address WHERE address_kind = $1 AND address = $2"


class Found(NamedTuple):
    """Who the other side is, the conversation in which they are told, and the language in which they write."""

    customer: Customer
    conversation: Conversation
    language: str


class DisputeParties:
    """Looks up parties in intake's own tables and log."""

    def __init__(self, parties: Parties) -> None:
        self._parties = parties
        self._shell = parties.shell

    async def by_customer(self, customer_id: UUID, conversation: UUID | None, case_id: UUID) -> Found:
        """Give a known customer in the conversation named, else the one they used last, else by mail.

        Raises NotFound where there is no way to tell them.
        """
        async with self._shell.database.connection() as tx:
            row = await tx.raw.fetchrow(NEWEST, customer_id, conversation)
        if row is not None:
            elsewhere = await self._parties.told(row["case_id"], customer_id)
            here = (await self._shell.state(row["case_id"])).conversations[row["conversation_id"]]
            known = Customer(customer_id, "known", here.recipient)
            return Found(known, here, elsewhere.language)
        mail = await self._mail_of(customer_id) if conversation is None else None
        if mail is not None:
            return self._by_mail(mail, case_id)
        raise NotFound(
            "no conversation of this customer is known", field="customer_id", fix="give the e-mail address instead"
        )

    async def by_email(self, address: str, case_id: UUID) -> Found:
        """Give whoever has this mail address, where they wrote last; somebody new is told by mail."""
        async with self._shell.database.connection() as tx:
            known = await tx.raw.fetchval(BY_ADDRESS, "email", self._parties.blind(address))
        if known is not None:
            return await self.by_customer(known, None, case_id)
        return self._by_mail(Customer(self._shell.new_id(), "email", address, new=True), case_id)

    async def involved(self, case_id: UUID) -> list[str]:
        """Give everybody who opened the dispute, brought a party in, or wrote to one of them: they took part."""
        async with self._shell.database.connection() as tx:
            events = (await self._shell.store.load(tx.raw, {case_id: 0}))[case_id]
        people: set[str] = set()
        for event in events:
            match event.fact:
                case DisputeOpened(opened_by=who) | PartyJoined(added_by=who):
                    people.add(who)
                case ReplyDrafted(drafted_by=who) | ReplyReleased(released_by=who) if who != "rules":
                    people.add(who)
                case MessageSent(purpose="agent") if not event.actor.startswith("system:"):
                    people.add(event.actor)
                case _:
                    continue
        return sorted(people)

    async def _mail_of(self, customer_id: UUID) -> Customer | None:
        async with self._shell.database.connection() as tx:
            events = (await self._shell.store.load(tx.raw, {customer_id: 0}))[customer_id]
        for event in events:
            match event.fact:
                case CustomerIdentified(address_kind="email") as known if known.address != ERASED:
                    return Customer(customer_id, "email", known.address, known.name)
                case _:
                    continue
        return None

    def _by_mail(self, customer: Customer, case_id: UUID) -> Found:
        conversation = uuid5(case_id, f"mail to {self._parties.blind(customer.address)}")
        return Found(customer, Conversation(conversation, "email", customer.customer_id, customer.address), FALLBACK)
