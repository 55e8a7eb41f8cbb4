"""Says a ruling to the customer: acknowledge first, then limit and reason, what is offered instead, and the appeal."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from services.triage.domain.policies.ruling import Ruling

Form = Literal["letter", "chat", "script", "review"]
FORMS: tuple[Form, ...] = ("letter", "chat", "script", "review")
REVIEW_LIMIT = 350
UNKNOWN = "und"
PARAGRAPH = "\n\n"
REFUSED_FIELDS = frozenset(
    {"acknowledgement", "limit", "reason", "clause", "clause_id", "version", "alternatives", "first", "appeal"}
)
GRANTED_FIELDS = frozenset({"acknowledgement", "what", "clause", "clause_id", "version", "time"})
ALTERNATIVE_FIELDS = frozenset({"offer", "benefit"})
ASKED_FIELDS = frozenset({"acknowledgement", "questions"})
PLAINLY_ASKED: Mapping[Form, str] = dict.fromkeys(FORMS, "{acknowledgement} {questions}")


class Replies(BaseModel):
    """The sentences of one language; templates name their parts in braces.

    `other_language` tells a customer of another language why the answer is in this one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    acknowledgements: dict[str, str]
    refused: dict[Form, str]
    allowed: dict[Form, str]
    alternative: dict[Form, str]
    between: dict[Form, str]
    at_once: str
    in_one_day: str
    in_days: str
    exception_to: str
    asked: Mapping[Form, str] = PLAINLY_ASKED
    other_language: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, forms, known in (
            ("refused", self.refused, REFUSED_FIELDS),
            ("allowed", self.allowed, GRANTED_FIELDS),
            ("asked", self.asked, ASKED_FIELDS),
            ("alternative", self.alternative, ALTERNATIVE_FIELDS),
            ("between", self.between, frozenset[str]()),
        ):
            for form in FORMS:
                if form not in forms:
                    raise ValueError(f"{name}.{form} is missing; every form needs a template")
                unknown = {field for _, field, _, _ in Formatter().parse(forms[form]) if field is not None} - known
                if unknown:
                    raise ValueError(f"{name}.{form} names unknown parts {sorted(unknown)}; known: {sorted(known)}")
        if "calm" not in self.acknowledgements:
            raise ValueError("acknowledgements.calm is missing; it stands in for every other tone")
        return self


@dataclass(frozen=True, slots=True)
class Wording:
    """The replies by language, the form that each channel takes, and the language for customers of other ones."""

    replies: Mapping[str, Replies]
    forms: Mapping[str, Form]
    fallback: str

    def language(self, language: str) -> str:
        """Give the language that a customer of this language is answered in."""
        return language if language in self.replies else self.fallback

    def form(self, channel: str) -> Form:
        """Give the form that a channel takes: a letter where nothing else is said."""
        return self.forms.get(channel, "letter")


def say_boundary(ruling: Ruling, tone: str, channel: str, wording: Wording, spoken: str = UNKNOWN) -> str:
    """Compose the text of a refusal; every promise in it comes from the clause. `spoken` is the customer's language."""
    form, replies = wording.form(channel), wording.replies[ruling.language]
    template = replies.alternative[form]
    offers = [template.format(offer=a.offer, benefit=a.benefit) for a in ruling.alternatives]
    text = replies.refused[form].format(
        acknowledgement=_acknowledge(replies, tone),
        limit=ruling.limit,
        reason=ruling.reason,
        clause=ruling.clause.text,
        clause_id=ruling.clause.clause,
        version=ruling.clause.version,
        alternatives=replies.between[form].join(offers),
        first=offers[0],
        appeal=ruling.appeal,
    )
    return _in_our_language(text.strip(), form, replies, ruling.language, spoken)


def say_grant(ruling: Ruling, tone: str, channel: str, wording: Wording, spoken: str = UNKNOWN) -> str:
    """Compose the text of a grant, with the time that the policy gives it. `spoken` is the customer's language."""
    form, replies = wording.form(channel), wording.replies[ruling.language]
    days = ruling.working_days
    time = replies.at_once if days == 0 else replies.in_one_day if days == 1 else replies.in_days.format(days=days)
    text = replies.allowed[form].format(
        acknowledgement=_acknowledge(replies, tone),
        what=ruling.what,
        clause=ruling.clause.text,
        clause_id=ruling.clause.clause,
        version=ruling.clause.version,
        time=time,
    )
    return _in_our_language(text.strip(), form, replies, ruling.language, spoken)


def say_question(ruling: Ruling, tone: str, channel: str, wording: Wording, spoken: str = UNKNOWN) -> str:
    """Ask the customer for what policy must know before it can answer. `spoken` is the customer's language."""
    form, replies = wording.form(channel), wording.replies[ruling.language]
    questions = " ".join(one.question for one in ruling.missing)
    text = replies.asked[form].format(acknowledgement=_acknowledge(replies, tone), questions=questions)
    return _in_our_language(text.strip(), form, replies, ruling.language, spoken)


def say_deviation(deviation: str, clause: str, language: str, wording: Wording) -> str:
    """Say what an exception would grant; names only the clause where the policy has no words for it."""
    return deviation or wording.replies[wording.language(language)].exception_to.format(clause=clause)


def _acknowledge(replies: Replies, tone: str) -> str:
    return replies.acknowledgements.get(tone, replies.acknowledgements["calm"])


def _in_our_language(text: str, form: Form, replies: Replies, language: str, spoken: str) -> str:
    """Tell a customer of another language why the answer is in ours; left out where it does not fit."""
    if spoken in (UNKNOWN, language) or not replies.other_language:
        return text
    longer = f"{text}{PARAGRAPH if form == 'letter' else ' '}{replies.other_language}"
    return text if form == "review" and len(longer) > REVIEW_LIMIT else longer
