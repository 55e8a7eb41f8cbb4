"""What people do in the demo: state a limit, ask for an exception, decide by their own authority, keep a promise."""

from collections.abc import Callable, Iterator
from typing import Any

from deploy.local.cli.api import pages, read_case, tell
from deploy.local.cli.context import Context, checked
from deploy.local.cli.decide import decided, proposed
from deploy.local.cli.promise import OPEN, say
from deploy.local.cli.showing import one_line
from deploy.local.errors import UsageError
from shared.contracts.triage import BoundaryStated

AGENT, OTHER_AGENT = "ana", "ben"
DECIDERS = {"supervisor": "sue", "manager": "max"}
DAYS_AGO = 45
SMALL_USD = 200  # within a supervisor's limit
MOST_CASES = 1000
DECISIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("approves", {"decision": "approve", "note": "The delay was ours.", "conditions": ["once only"]}),
    ("rejects", {"decision": "reject", "reason": "The conditions were known before the purchase."}),
    ("offers in", {"decision": "counter", "offer": "a voucher of 30 USD", "reason": "More is not in our power."}),
)
Tell = Callable[[str], None]


def ask_for_an_exception(context: Context, say_so: Tell) -> str | None:
    """An agent looks up an order, so that a refund is refused by the policy, and asks for an exception to that.

    Returns the code of the case; None if no customer wants a refund of something bought nobody knows when.
    """
    for case, assessment in _refunds_without_a_date(context):
        code, message = case["tracking_code"], assessment["message_id"]
        body = {"days_since_purchase": DAYS_AGO, "reason": f"Looked the order up: bought {DAYS_AGO} days ago."}
        with context.client("triage", AGENT) as triage:
            outcome = tell(triage, f"/cases/{case['case_id']}/assessments/{message}/correction", body)
        if not any(event["type"] == BoundaryStated.TYPE for event in outcome["events"]):
            continue
        say_so(f"{AGENT}, an agent, looks up the order in {code}: {DAYS_AGO} days old. The policy's limit is stated.")
        wish = {
            "deviation": "a full refund after the return period",
            "reason": "We could have told the customer earlier.",
            "amount": assessment["reading"]["amount"] or {"amount": "129.99", "currency": "USD"},
        }
        proposed(context, AGENT, code, wish)
        say_so(f"{AGENT} asks for an exception in {code}: {wish['deviation']}.")
        return str(code)
    say_so("No customer wants a refund of something bought nobody knows when.")
    return None


def decide_a_few(context: Context, code: str | None, say_so: Tell) -> str | None:
    """Try a decision without the authority, then approve one exception, reject one and make a counter-offer.

    The one in case `code` comes first. Returns the code of the case in which one was approved, None if none waits.
    """
    with context.client("casebook", "audra") as book:
        waiting = pages(book, "/approvals", limit=MOST_CASES, state="requested")["items"]
    ready = [one for one in waiting if one["required_role"] in DECIDERS and one["voices_needed"] <= 1]
    ready.sort(key=lambda one: one["tracking_code"] != code)
    if not ready:
        say_so("No exception waits that one person may decide on.")
        return None
    first = ready[0]
    try:
        decided(context, AGENT, first["exception_id"], {"decision": "approve", "note": "the customer insists"})
        say_so(f"{AGENT} approved an exception without any authority.")
    except UsageError as refused:
        say_so(f"{AGENT} tries to approve in {first['tracking_code']} herself. {refused.problem}.")
    for one, (verb, body) in zip(ready, DECISIONS, strict=False):
        decider = DECIDERS[one["required_role"]]
        decided(context, decider, one["exception_id"], body)
        said = body.get("offer") or one_line(one["deviation"])
        say_so(f"{decider}, {one['required_role']}, {verb} {one['tracking_code']}: {said}.")
    return str(first["tracking_code"])


def keep_promise(context: Context, code: str, say_so: Tell) -> None:
    """Another agent keeps the newest open promise of a case, with evidence."""
    promises = [one for one in read_case(context, "audra", code)["promise_list"] if one["state"] in OPEN]
    if not promises:
        say_so(f"Case {code} has no open promise.")
        return
    say(context, OTHER_AGENT, promises[-1]["promise_id"], "kept", {"evidence": "payment 4711 booked"})
    say_so(f"{OTHER_AGENT}, an agent, keeps the promise of {code}: {one_line(promises[-1]['what'])}.")


def _refunds_without_a_date(context: Context) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    with context.client("casebook", "audra") as book:
        cases = pages(book, "/cases", limit=MOST_CASES, sort="oldest")["items"]
    with context.client("triage", AGENT) as triage:
        for case in cases:
            if case["remedy"] != "refund" or case["boundaries"] or case["exceptions"]:
                continue
            for assessment in checked(triage.get(f"/cases/{case['case_id']}/assessments")):
                reading = assessment["reading"]
                undated = reading["remedy"] == "refund" and not reading["days_since_purchase"]
                if assessment["request_id"] and undated and _small(reading["amount"]):
                    yield case, assessment


def _small(amount: dict[str, Any] | None) -> bool:
    return amount is None or (amount["currency"] == "USD" and float(amount["amount"]) <= SMALL_USD)
