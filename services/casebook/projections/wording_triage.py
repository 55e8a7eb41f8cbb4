"""The wording of triage's facts around requests."""

from services.casebook.projections.wording import Said, excerpt, instant, says
from shared.contracts.triage_policy import PolicyPublicationRefused, PolicyPublished
from shared.contracts.triage_requests import InformationAsked


@says(InformationAsked)
def _asked(fact: InformationAsked) -> Said:
    questions = " ".join(question.question for question in fact.questions)
    return Said(f"The customer was asked: {excerpt(questions)}", "policy cannot answer without it", fact.request_id)


@says(PolicyPublished)
def _published(fact: PolicyPublished) -> Said:
    line = f"{fact.published_by} published policy {fact.policy} {fact.version}"
    return Said(line, f"in force from {instant(fact.effective_from)}" + (f"; {fact.note}" if fact.note else ""))


@says(PolicyPublicationRefused)
def _not_published(fact: PolicyPublicationRefused) -> Said:
    return Said(f"Refused: publish policy {fact.policy} {fact.version}", fact.reason)
