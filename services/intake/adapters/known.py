"""Everything that is known of a person, over all services, opened: what they may ask for, and what an export holds."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.intake.adapters.kept_cases import KeptCases
from services.intake.domain.state import IntakeState
from shared.contracts.event import Recorded
from shared.contracts.intake import CustomerIdentified, MessageReceived
from shared.contracts.values import Attachment, ContentRef
from shared.eventstore.streams import read_stream
from shared.eventstore.vault import Vault
from shared.kernel.errors import NotFound, RecourseError
from shared.runtime.peers import Peers
from shared.runtime.shell import Shell

OTHERS = ("triage", "approvals", "followup")
PAGE = 1000


class PeerAway(RecourseError):
    """Another service does not answer, so what it knows cannot be told; half an answer would be a wrong one."""

    status = 503
    title = "Another service does not answer"


class KeptContent(NamedTuple):
    """Bytes that came with a message: a file of it, or (`name` None) the message itself as it came."""

    case_id: UUID
    message_id: UUID
    name: str | None
    content: ContentRef


class KnownCase(NamedTuple):
    """A case with all events that concern the person, of all services, in order of time."""

    case_id: UUID
    own: bool
    events: list[Recorded]


class KnownPerson(NamedTuple):
    """What the logs hold of a customer; facts about other customers are left out."""

    identities: list[Recorded]
    events: list[Recorded]
    cases: list[KnownCase]
    contents: list[KeptContent]


class Known:
    """Gathers it from intake's own log and those of its peers."""

    def __init__(self, shell: Shell[Any, IntakeState], peers: Peers, vault: Vault) -> None:
        self._shell = shell
        self._peers = peers
        self._vault = vault
        self._cases = KeptCases(shell)

    async def of(self, customer_id: UUID) -> KnownPerson:
        """Give all that is known; raises NotFound for nobody, PeerAway where a service does not answer."""
        kept = await self._cases.required(customer_id)
        own = await self._opened(await self._own(customer_id))
        cases = []
        for case in kept:
            events = await self._own(case.case_id)
            for source in OTHERS:
                try:
                    events += await self._peers.stream(source, case.case_id)
                except OSError as away:
                    raise PeerAway(f"{source} does not answer", fix="see recourse status, then ask again") from away
            concerns = [event for event in events if _concerns(event, customer_id, case.own)]
            ordered = sorted(await self._opened(concerns), key=lambda event: event.recorded_at)
            cases.append(KnownCase(case.case_id, case.own, ordered))
        identities = [event for event in own if event.type == CustomerIdentified.TYPE]
        contents = [one for case in cases for event in case.events for one in _contents(event)]
        return KnownPerson(identities, [event for event in own if event not in identities], cases, contents)

    async def content(self, customer_id: UUID, content_id: str) -> KeptContent:
        """Name a content that came with a message of this customer; raises NotFound for any other."""
        for case in await self._cases.required(customer_id):
            events = [e for e in await self._own(case.case_id) if _concerns(e, customer_id, own=False)]
            for event in await self._opened(events):
                for one in _contents(event):
                    if one.content.sha256 == content_id:
                        return one
        raise NotFound("no message of this customer came with it", field="content_id", fix="see what is known of them")

    async def _own(self, stream_id: UUID) -> list[Recorded]:
        events: list[Recorded] = []
        async with self._shell.database.connection() as tx:
            while True:
                after = events[-1].version if events else 0
                page = await read_stream(tx.raw, self._shell.store, stream_id, until=None, after=after, limit=PAGE)
                events += page
                if len(page) < PAGE:
                    return events

    async def _opened(self, events: Sequence[Recorded]) -> list[Recorded]:
        return await self._vault.open_events(events)


def _concerns(event: Recorded, customer_id: UUID, own: bool) -> bool:
    """Whether an event is about this customer: it names them, or it names nobody and the case is theirs."""
    whose = json.loads(event.body).get("customer_id")
    return own if whose is None else whose == str(customer_id)


def _contents(event: Recorded) -> list[KeptContent]:
    fact = event.fact
    if not isinstance(fact, MessageReceived):
        return []
    whole = [KeptContent(fact.case_id, fact.message_id, None, fact.content)] if fact.content else []
    files: Sequence[Attachment] = fact.attachments
    return whole + [KeptContent(fact.case_id, fact.message_id, file.name, file.content) for file in files]
