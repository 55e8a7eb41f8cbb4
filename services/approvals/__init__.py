"""Approvals: lets only those decide on an exception who may, and lets no silence pass for a yes."""

from shared.messaging.charter import Charter

CHARTER = Charter(
    owner="approvals",
    listens=("triage",),
    publishes=(
        "approvals.exception_requested.v1",
        "approvals.approval_given.v1",
        "approvals.rejection_given.v1",
        "approvals.exception_approved.v1",
        "approvals.exception_rejected.v1",
        "approvals.exception_countered.v1",
        "approvals.exception_withdrawn.v1",
        "approvals.exception_escalated.v1",
        "approvals.exception_expired.v1",
        "approvals.attempt_refused.v1",
        "approvals.exception_superseded.v1",
        "approvals.counter_accepted.v1",
        "approvals.counter_declined.v1",
        "approvals.exception_used.v1",
        "approvals.exception_lapsed.v1",
        "approvals.boundary_noted.v1",
        "approvals.precedents_shown.v1",
        "approvals.delegation_given.v1",
        "approvals.delegation_ended.v1",
        "approvals.delegation_refused.v1",
        "approvals.dispute_decided.v1",
    ),
)
