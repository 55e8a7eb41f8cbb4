"""The shipped rules and policy, and readings, commands and facts to test triage with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from services.triage.adapters.language import make_detect
from services.triage.adapters.pack_files import PackFiles, read_pack_files
from services.triage.adapters.policy_files import load_assessment
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import PolicyStore
from services.triage.domain.commands import AssessMessage, Command, CorrectAssessment, Correction, ProposeException
from services.triage.domain.decider import make_decider
from services.triage.domain.policies.answering import Policy, TriageRules
from services.triage.domain.policies.assessment import Detect, Said, judge
from services.triage.domain.policies.pack import PackFile
from services.triage.domain.policies.publishing import content_hash
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.ruling import question_of
from services.triage.domain.reactions import ids_from
from services.triage.domain.state import Triage
from shared.contracts.event import Fact
from shared.contracts.triage import Evidence, Reading, RequestAssessed
from shared.contracts.triage_policy import PolicyFile, PolicyPublished
from shared.contracts.triage_requests import PolicyRef
from shared.contracts.values import ClauseRef, Money
from shared.kernel.decider import Decider
from shared.runtime.policy_files import read_calendar

POLICIES = Path(__file__).parents[2] / "policies"
CASE = UUID("0190a000-0000-7000-8000-0000000000c1")
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SPACE = UUID("0190a000-0000-7000-8000-0000000000ff")


@cache
def assessment_rules() -> AssessmentRules:
    """Give the shipped rules of assessment."""
    return load_assessment(POLICIES)


@cache
def shop() -> PolicyPack:
    """Give the shipped policy."""
    return PolicyPack(POLICIES / "shop")


class OneVersion:
    """The shipped policy, in force for ever."""

    def __init__(self) -> None:
        pack = shop()
        ref = PolicyRef(policy=pack.facts.id, version=pack.facts.version)
        self.policy = Policy(ref, pack.evaluate, pack.deviation, pack.wording)

    def in_force(self, _received_at: datetime) -> Policy:
        return self.policy

    def version(self, _ref: PolicyRef) -> Policy:
        return self.policy


def published(pack: PackFiles, *, effective_from: datetime = TUESDAY) -> PolicyPublished:
    """Give the fact that a pack's files were published."""
    facts = pack.parsed("pack.yaml", PackFile)
    return PolicyPublished(
        policy=facts.id,
        version=facts.version,
        effective_from=effective_from,
        content=tuple(PolicyFile(path=path, text=text) for path, text in sorted(pack.files.items())),
        sha256=content_hash(pack.files),
        published_by="mara",
    )


@cache
def shop_store() -> PolicyStore:
    """Give a store in which the shipped policy is published."""
    store = PolicyStore("shop")
    store.take(published(read_pack_files(POLICIES / "shop")), 1)
    return store


@cache
def triage_rules() -> TriageRules:
    """Give what the shipped policy decides by."""
    calendar = read_calendar(POLICIES / "calendars" / "default.yaml")
    return TriageRules(OneVersion(), calendar)


@cache
def decider() -> Decider[Command, Triage, Fact]:
    """Give triage's decider under the shipped policy."""
    return make_decider(triage_rules())


@cache
def detect() -> Detect:
    """Give the language detector for the shipped languages."""
    return make_detect(assessment_rules().outline.languages)


def read(text: str, channel: str = "chat", *, at: datetime = TUESDAY, rating: int | None = None) -> Reading:
    """Read a text by the shipped rules."""
    return judge(Said(text, channel, at, rating), assessment_rules(), detect())


def message(number: int) -> UUID:
    """Give the id of the nth message."""
    return uuid5(SPACE, f"message {number}")


def usd(amount: str | int) -> Money:
    """Give an amount in US dollars."""
    return Money(amount=Decimal(amount), currency="USD")


def reading(
    *kinds: str, remedy: str | None = None, topics: tuple[str, ...] = (), language: str = "en", **rest: object
) -> Reading:
    """Give a reading with a sure leading kind."""
    evidence = tuple(Evidence(finding=f"topic:{topic}", start=0, end=1, rule=topic) for topic in topics)
    plain = {"urgency": "normal", "tone": "calm", "confidence": 0.9, "judged_by": "rules/test"}
    return Reading.model_validate(
        {**plain, "kinds": kinds, "remedy": remedy, "language": language, "evidence": evidence, **rest}
    )


BLEMISH = reading(
    "perfectionist_standard", remedy="refund", topics=("minor_damage",), days_since_purchase=121, amount=usd("129.99")
)
DEFECT = reading("product_or_service_failure", remedy="replacement", days_since_purchase=40)
GOODWILL = reading("product_or_service_failure", remedy="compensation", amount=usd(80))
QUESTION = reading("information")
THANKS = reading()
APPEAL = reading("other", remedy="contact_person", appeals=True)


def assess(number: int, what: Reading, channel: str = "chat") -> AssessMessage:
    """Make the command that follows from the nth message."""
    at = TUESDAY + timedelta(minutes=number)
    return AssessMessage(CASE, at, message(number), channel, what, ids_from(message(number)), at)


def correct(number: int, correction: Correction, reason: str = "read it again") -> CorrectAssessment:
    """Make an agent's correction of the nth message."""
    ids = ids_from(uuid5(SPACE, f"correction {number} {correction}"))
    return CorrectAssessment(CASE, TUESDAY, "ana", ("agent",), message(number), correction, reason, ids)


def propose(request_id: UUID, clause: ClauseRef | None = None, deviation: str = "half the price") -> ProposeException:
    """Make an agent's proposal of an exception."""
    own = uuid5(SPACE, f"exception {request_id} {deviation}")
    return ProposeException(
        CASE, TUESDAY, "ana", ("agent",), own, request_id, deviation, "a good customer", clause, usd(60)
    )


def request_of(number: int) -> UUID:
    """Give the id of the request that the nth message makes."""
    return ids_from(message(number)).request


def assessed(
    number: int, what: Reading, *, asks: bool = True, channel: str = "chat", pins: bool = False
) -> RequestAssessed:
    """Give the fact that the nth message was read so; the first that asks `pins` the case to its policy."""
    return RequestAssessed(
        case_id=CASE,
        message_id=message(number),
        request_id=request_of(number) if asks else None,
        reading=what,
        channel=channel,
        policy=OneVersion().policy.ref if pins else None,
    )


def past(*commands: Command) -> list[Fact]:
    """Give everything that commands lead to, one after another, from an empty case on."""
    rules, facts = decider(), list[Fact]()
    for command in commands:
        facts += rules.decide(command, rules.fold(facts))
    return facts


def clause_of(what: Reading) -> str:
    """Give the id of the clause that the shipped policy answers a reading by."""
    return shop().evaluate(question_of(what, what.language, "chat")).clause.clause
