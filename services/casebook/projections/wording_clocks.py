"""Facts on clocks, and on promises found in what was said, in words."""

from services.casebook.projections.wording import Said, excerpt, instant, says, words
from shared.contracts import followup_clocks, followup_found, followup_reflections
from shared.contracts.followup_clocks import ClockChange

SAID = 3
VERBS = {
    "started": "runs",
    "paused": "is paused",
    "resumed": "runs again",
    "handed_over": "is with somebody else",
    "retargeted": "has another target",
    "met": "is met",
    "warned": "is near its end",
    "escalated": "is escalated",
    "breached": "has run out",
    "cancelled": "is called off",
}


@says(followup_clocks.ClocksMoved)
def _moved(fact: followup_clocks.ClocksMoved) -> Said:
    changes = fact.moves.changes
    told = [_told(change) for change in changes[:SAID]]
    more = f" (and {len(changes) - SAID} more)" if len(changes) > SAID else ""
    why = next((change.reason for change in changes if change.reason), None)
    about = changes[0].clock_id if changes else None
    return Said(f"Clocks: {'; '.join(told) or 'nothing moved'}{more}", why, about)


@says(followup_clocks.CalendarPublished)
def _calendar(fact: followup_clocks.CalendarPublished) -> Said:
    return Said(f"Calendar {excerpt(fact.calendar)} is counted in as version {fact.version[:12]}", None)


@says(followup_found.PromiseFound)
def _found(fact: followup_found.PromiseFound) -> Said:
    line = f"{excerpt(fact.said_by)} said what sounds like a promise by {instant(fact.due)}: {excerpt(fact.words)}"
    return Said(line, None if fact.backed else "nothing backs it yet", fact.promise_id)


@says(followup_found.FoundPromiseDismissed)
def _dismissed(fact: followup_found.FoundPromiseDismissed) -> Said:
    return Said("What sounded like a promise is none", fact.reason, fact.promise_id)


@says(followup_reflections.ReflectionNoted)
def _reflection(fact: followup_reflections.ReflectionNoted) -> Said:
    why = f"should change: {excerpt(fact.what_should_change)}" if fact.what_should_change else None
    return Said(f"{fact.noted_by} looked back: {excerpt(fact.what_helped)}", why, fact.reflection_id)


def _told(change: ClockChange) -> str:
    due = f", due {instant(change.due)}" if change.due and change.verb not in ("met", "cancelled") else ""
    whom = f" to {words(change.whom)}" if change.whom else ""
    return f"{words(change.clock)} {VERBS[change.verb]}{whom}{due}"
