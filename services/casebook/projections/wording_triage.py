"""The wording of triage's facts around requests."""

from services.casebook.projections.wording import Said, excerpt, says
from shared.contracts.triage_requests import InformationAsked


@says(InformationAsked)
def _asked(fact: InformationAsked) -> Said:
    questions = " ".join(question.question for question in fact.questions)
    return Said(f"The customer was asked: {excerpt(questions)}", "policy cannot answer without it", fact.request_id)
