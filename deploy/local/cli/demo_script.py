"""What people do in the demo: decide on a few exceptions by their own authority, and keep a promise."""

from collections.abc import Callable
from typing import Any

from deploy.local.cli.api import pages, read_case
from deploy.local.cli.context import Context
from deploy.local.cli.decide import decided
from deploy.local.cli.promise import OPEN, say
from deploy.local.cli.showing import one_line
from deploy.local.errors import UsageError

AGENT, OTHER_AGENT = "ana", "ben"
DECIDERS = {"supervisor": "sue", "manager": "max"}
Tell = Callable[[str], None]


def decide_a_few(context: Context, tell: Tell) -> str | None:
    """Try one decision without the authority, then approve one exception, reject one and make a counter-offer.

    Returns the tracking code of the case in which one was approved; None if no exception waits.
    """
    with context.client("casebook", "audra") as book:
        waiting = pages(book, "/approvals", limit=50, state="requested")["items"]
    ready = [one for one in waiting if one["required_role"] in DECIDERS and one["voices_needed"] <= 1]
    if not ready:
        tell("No exception waits that one person may decide on.")
        return None
    try:
        decided(context, AGENT, ready[0]["exception_id"], {"decision": "approve", "note": "the customer insists"})
        tell(f"{AGENT} approved an exception, though an agent has no authority.")  # the check of the demo fails then
    except UsageError as refused:
        tell(f"{AGENT}, an agent, tries to approve in {ready[0]['tracking_code']}. {refused.problem}.")
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("approves", {"decision": "approve", "note": "We were at fault.", "conditions": ["once only"]}),
        ("rejects", {"decision": "reject", "reason": "The conditions were known before the purchase."}),
        (
            "makes a counter-offer",
            {"decision": "counter", "offer": "a voucher of 30 USD", "reason": "More is not in our power."},
        ),
    ]
    for one, (verb, body) in zip(ready, bodies, strict=False):
        decider = DECIDERS[one["required_role"]]
        decided(context, decider, one["exception_id"], body)
        tell(f"{decider}, {one['required_role']}, {verb} in {one['tracking_code']}: {one_line(one['deviation'])}.")
    return str(ready[0]["tracking_code"])


def keep_promise(context: Context, code: str, tell: Tell) -> None:
    """Keep the open promise of a case, with evidence."""
    promises = [one for one in read_case(context, "audra", code)["promise_list"] if one["state"] in OPEN]
    if not promises:
        tell(f"Case {code} has no open promise.")
        return
    say(context, OTHER_AGENT, promises[-1]["promise_id"], "kept", {"evidence": "payment 4711 booked"})
    tell(f"{OTHER_AGENT}, an agent, keeps the promise of {code}: {one_line(promises[-1]['what'])}.")
