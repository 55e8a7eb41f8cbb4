"""Approvals: lets only those decide on an exception who may, and lets no silence pass for a yes."""

from shared.messaging.charter import Charter

CHARTER = Charter(
    owner="approvals",
    listens=("triage",),
    publishes=(
        "approvals.exception_requested.v1",
        "approvals.approval_given.v1",
        "approvals.exception_approved.v1",
        "approvals.exception_rejected.v1",
        "approvals.exception_countered.v1",
        "approvals.exception_withdrawn.v1",
        "approvals.exception_escalated.v1",
        "approvals.exception_expired.v1",
        "approvals.attempt_refused.v1",
    ),
)
