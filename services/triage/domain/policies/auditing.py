"""Audits what agents granted: each act of a run is put to the policy as it stood, on the records of that moment."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.triage.domain.policies.audit_records import Bookings, Record
from services.triage.domain.policies.audit_runs import Act, Run, Write, same_act, told_after, writes
from services.triage.domain.policies.evaluation import PolicyAnswer, PolicyRequest

Finding = Literal["within", "not_allowed", "unproven"]
"""Within the policy; refused by it or for a person only; or it lacked what the policy needs."""
Label = Literal["right", "wrong", "open", "none"]
"""By the source: equal to an act that it wants; done where it wants none; neither of the two; not judged."""

CONCESSIONS = frozenset(
    {
        "book_reservation",
        "cancel_reservation",
        "send_certificate",
        "update_reservation_baggages",
        "update_reservation_flights",
        "update_reservation_passengers",
    }
)
MEMBER = re.compile(
    r"\b(?:I'm|I am|as a|being a|my)\b[^.?!\n]{0,40}?\b(gold|silver)\b[^.?!\n]{0,12}\bmember", re.IGNORECASE
)
REASONS = (
    (
        "airline_cancelled",
        re.compile(r"\b(?:airline|you) cancel\w+|flight (?:was|has been|got) cancel\w+", re.IGNORECASE),
    ),
    (
        "health",
        re.compile(
            r"\b(?:I'm|I am|I feel|I've been|got|due to) (?:\w+ )?(?:sick|ill|illness|unwell|injured)\b|"
            r"\bmedical|\bhospital|\bhealth",
            re.IGNORECASE,
        ),
    ),
    ("weather", re.compile(r"\bweather|\bstorm|\bhurricane", re.IGNORECASE)),
    (
        "change_of_plan",
        re.compile(
            r"\bchange of plans?|plans? (?:have |has )?changed|\bmistake|\bno longer|\bemergency|"
            r"\bwon't be able|\bseat",
            re.IGNORECASE,
        ),
    ),
)
ONE_WAY = re.compile(r"\b(outbound|outgoing|inbound|return) (?:leg|flight) (?:has been|was|is) (?:up|down)graded", re.I)
OTHER_CABIN = re.compile(
    r"\b(?:leg|flight)\b[^.\n]{0,20}\bremains? in (?:business|economy|basic economy)"
    r"|\b[A-Z]{2,3}\d{2,4}\b[^\n]{0,40}\(economy[^\n]*\n[^\n]*\b[A-Z]{2,3}\d{2,4}\b[^\n]{0,40}\(business"
    r"|\b[A-Z]{2,3}\d{2,4}\b[^\n]{0,40}\(business[^\n]*\n[^\n]*\b[A-Z]{2,3}\d{2,4}\b[^\n]{0,40}\(economy",
    re.IGNORECASE,
)
LATE = re.compile(r"\bdelay\w*|\blate\b", re.IGNORECASE)
OFF = re.compile(r"\bcancel\w+ flight|flight (?:was|has been|got|is) cancel\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Audited:
    """One act of a run with the policy's answer on it."""

    run: str
    write: Write
    request: PolicyRequest
    answer: PolicyAnswer
    label: Label

    @property
    def finding(self) -> Finding:
        """What the policy says of the act."""
        if self.answer.outcome in ("refused", "needs_person"):
            return "not_allowed"
        return "unproven" if self.answer.outcome == "needs_information" else "within"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many acts were flagged as not allowed, by what the source says of them."""

    runs: int
    acts: int
    flagged: int
    flagged_and_done: int
    unproven: int
    flagged_wrong: int
    missed_wrong: int
    flagged_right: int
    passed_right: int
    flagged_open: int
    by_clause: Mapping[str, int]


def audit(
    run: Run,
    reservations: Mapping[str, Record],
    customers: Mapping[str, Record],
    now: datetime,
    ask: Callable[[PolicyRequest], PolicyAnswer],
) -> list[Audited]:
    """Put every concession of a run to the policy, in order; records change as the acts that came about change them."""
    bookings = Bookings(reservations, run, now.isoformat())
    done = {write.number: write for write in writes(run, CONCESSIONS)}
    found = []
    for number, act in enumerate(run.labels.agent_actions):
        bookings.read(act)
        if write := done.get(number):
            request = request_for(act, run, bookings, customers, now)
            found.append(Audited(run.id, write, request, ask(request), label_of(write, run, reservations)))
            if write.effect == "done":
                bookings.apply(act)
    return found


def request_for(
    act: Act, run: Run, bookings: Bookings, customers: Mapping[str, Record], now: datetime
) -> PolicyRequest:
    """Give an act as a request to the policy: its arguments, the records, and what the customer had said by then."""
    said = run.said("customer", act.after_turn)
    arguments: dict[str, Any] = dict(act.arguments)
    records: dict[str, Any] = {}
    if "flights" in arguments:
        arguments["flights"] = bookings.full_flights(arguments["flights"])
    reservation = bookings.find(arguments.get("reservation_id"))
    if act.name == "cancel_reservation":
        reason = next((name for name, pattern in REASONS if pattern.search(said)), None)
        arguments |= {"reason": reason} if reason else {}
    if act.name == "update_reservation_flights" and arguments.get("cabin") != (reservation or {}).get("cabin"):
        arguments |= {"part": "some_flights"} if cabin_in_part(told_after(run, act)) else {}
    if act.name == "send_certificate":
        reservation = bookings.complained_of(act.after_turn)
        told = said if OFF.search(said) or LATE.search(said) else run.said("agent", act.after_turn)
        reason = "cancelled" if OFF.search(told) else "delayed" if LATE.search(told) else None
        arguments |= {"reason": reason} if reason else {}
        if reservation:
            arguments["reservation_id"] = reservation["reservation_id"]
            if reservation["reservation_id"] in bookings.changed:
                arguments["changed_or_cancelled"] = True
    if reservation:
        records["reservation"] = dict(reservation)
    user = arguments.get("user_id") or (reservation or {}).get("user_id") or run.labels.user_id
    customer = customers.get(str(user))
    claims = tuple(sorted({f"membership_{match.lower()}" for match in MEMBER.findall(said)}))
    return PolicyRequest(
        action=act.name,
        arguments=arguments,
        records=records,
        customer=dict(customer) if customer else None,
        claims=claims,
        now=now,
    )


def cabin_in_part(told: str) -> bool:
    """Tell whether the agent says that some flights of a booking now have another cabin than others."""
    return len({way.lower() for way in ONE_WAY.findall(told)}) == 1 or bool(OTHER_CABIN.search(told))


def label_of(write: Write, run: Run, reservations: Mapping[str, Record]) -> Label:
    """Say what the source holds of an act.

    Right: it wants this very act. Wrong: the act came about, the run ended otherwise than the source wants, and the
    source wants nothing to be done at all, or nothing to this reservation. It leaves other acts open, such as a wanted
    change with other flights, or a booking beside those that it wants.
    """
    labels, act = run.labels, write.act
    if labels.gold_actions is None:
        return "none"
    if any(same_act(act, wanted) for wanted in labels.gold_actions):
        return "right"
    changes = [wanted for wanted in labels.gold_actions if wanted.name in CONCESSIONS]
    subject = act.arguments.get("reservation_id")
    unwanted = (
        isinstance(subject, str)
        and subject in reservations
        and all(one.arguments.get("reservation_id") != subject for one in changes)
    )
    ended_wrong = write.effect == "done" and labels.reward == 0
    return "wrong" if ended_wrong and (unwanted or not changes) else "open"


def tally(audited: Iterable[Audited], runs: int) -> Tally:
    """Count the findings."""
    found = list(audited)
    flagged = [one for one in found if one.finding == "not_allowed"]

    def count(label: Label, *, among: list[Audited]) -> int:
        return sum(one.label == label for one in among)

    return Tally(
        runs=runs,
        acts=len(found),
        flagged=len(flagged),
        flagged_and_done=sum(one.write.effect == "done" for one in flagged),
        unproven=sum(one.finding == "unproven" for one in found),
        flagged_wrong=count("wrong", among=flagged),
        missed_wrong=count("wrong", among=found) - count("wrong", among=flagged),
        flagged_right=count("right", among=flagged),
        passed_right=count("right", among=found) - count("right", among=flagged),
        flagged_open=count("open", among=flagged),
        by_clause=dict(Counter(one.answer.clause.clause for one in flagged).most_common()),
    )
