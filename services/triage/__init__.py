"""Triage: reads what customers demand, and says what policy answers."""

from shared.messaging.charter import Charter

CHARTER = Charter(
    owner="triage",
    listens=("intake",),
    publishes=(
        "triage.request_assessed.v1",
        "triage.assessment_corrected.v1",
        "triage.boundary_stated.v1",
        "triage.request_granted.v1",
        "triage.exception_proposed.v1",
        "triage.request_referred.v1",
        "triage.information_asked.v1",
        "triage.attempt_refused.v1",
        "triage.policy_published.v1",
        "triage.policy_publication_refused.v1",
    ),
)
