"""Reads a message: what is asked, of what kind, how urgently, in which tone and language, and the words that say so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from services.triage.domain.policies.blending import blend
from services.triage.domain.policies.dating import times_of
from services.triage.domain.policies.facts import amounts, references
from services.triage.domain.policies.findings import (
    Circumstances,
    Findings,
    best_remedy,
    combine,
    confidence_of,
    findings_of,
    hear_shouting,
    kinds_of,
    matches,
    sharpest_tone,
    urgency_of,
)
from services.triage.domain.policies.hearing import doubts
from services.triage.domain.policies.model import Model, judged_by
from services.triage.domain.policies.phrases import Word, words_of
from services.triage.domain.policies.quoting import voices
from services.triage.domain.policies.relying import ORDERS, Stated, rely
from services.triage.domain.policies.requests import requests_in
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.spoken import spoken_amounts
from shared.contracts.said import AmountSaid, Claim, Quote, Reference
from shared.contracts.triage import Evidence, Reading

UNKNOWN_LANGUAGE = "und"
Detect = Callable[[str], str]
"""Give the ISO 639-1 code of a text's language, or `und` when unsure."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer said, and how: the words, the channel, when, stars given, the language the channel reports.

    `second_transcript` is another hearing of the same speech; `zone` is the customer's own, where it is known.
    """

    text: str
    channel: str
    received_at: datetime
    rating: int | None = None
    language_hint: str | None = None
    second_transcript: str | None = None
    zone: tzinfo | None = None


def judge(said: Said, rules: AssessmentRules, detect: Detect, model: Model | None = None) -> Reading:
    """Read one message; any text gives a reading, never an error. Pure as long as `detect` and the model are."""
    text = said.text
    heard = voices(text, rules)
    own = heard.own
    words = [word for start, end in own for word in words_of(text, start, end)]
    found = matches(words, rules)
    findings = findings_of(found, words)
    own_text = "".join(text[start:end] for start, end in own)
    hear_shouting(own_text, (own[0][0], own[-1][1]) if own else (0, 0), findings, rules)
    now = said.received_at.astimezone(said.zone) if said.zone else said.received_at
    bought, due, times = times_of(words, now, findings, rules)
    days = (now.date() - bought).days if bought else None
    for blended in blend(_certainties(findings), _blanked(text, own), model):
        findings.doubts[blended.finding] = 1.0 - blended.sure
        if blended.evidence is not None:
            findings.evidence[blended.evidence.rule + blended.finding] = blended.evidence
    remedy, tone, urgency = best_remedy(findings, rules), sharpest_tone(findings, rules), urgency_of(findings)
    given = Circumstances(said.channel, said.rating, remedy, tone, urgency, days)
    combine(findings, given, rules)
    kinds = kinds_of(findings, said.channel, rules)
    refs = tuple(
        Reference(start=r.start, end=r.end, confidence=r.sure, judged_by=r.rule, kind=r.kind, value=r.value)
        for r in references(text, own, rules)
    )
    named = [(r.start, r.value) for r in refs if r.kind in ORDERS]
    stated = Stated(
        amounts=_amounts(text, own, words, rules),
        references=refs,
        times=times,
        deadline=due,
        days_since_purchase=days,
        requests=requests_in(words, found, _lines(text, words), named, given, rules) if kinds else (),
        doubts=doubts(text, said.second_transcript, rules) if said.second_transcript else (),
    )
    by = judged_by(rules.outline.version, model)
    relied = rely(stated, findings, words, kinds, remedy, confidence_of(kinds, findings, rules), by, rules)
    return Reading(
        kinds=kinds,
        remedy=remedy,
        urgency=urgency,
        tone=tone,
        language=_language(said, own_text, detect),
        confidence=relied.confidence,
        judged_by=by,
        emergency=findings.emergency,
        amount=relied.amount,
        order=relied.order,
        days_since_purchase=relied.days_since_purchase,
        deadline=relied.deadline.isoformat() if relied.deadline else None,
        appeals=findings.sure("answer:appeal") >= rules.outline.threshold,
        settled=_settled(findings, rules),
        evidence=tuple(sorted(findings.evidence.values(), key=lambda e: (e.start, e.end, e.rule))),
        model=model.version if model else None,
        requests=relied.requests,
        amounts=relied.amounts,
        times=relied.times,
        references=relied.references,
        claims=_claims(findings),
        quotes=tuple(
            Quote(start=q.start, end=q.end, confidence=0.95, judged_by=f"quoting/{q.how}", how=q.how)
            for q in heard.quoted
        ),
        doubts=relied.doubts,
    )


def _amounts(
    text: str, own: tuple[tuple[int, int], ...], words: list[Word], rules: AssessmentRules
) -> tuple[AmountSaid, ...]:
    """Give the amounts of money, in figures and as spoken, in the order of the text."""
    written_out = [
        AmountSaid(start=s.start, end=s.end, confidence=0.9, judged_by="amount", money=s.money)
        for s in amounts(text, own, rules)
    ]
    spoken = [
        AmountSaid(
            start=words[first].start, end=words[last].end, confidence=0.8, judged_by="amount-spoken", money=money
        )
        for first, last, money in spoken_amounts(words, rules)
    ]
    return tuple(sorted((*written_out, *spoken), key=lambda a: a.start) if spoken else written_out)


def _certainties(findings: Findings) -> dict[str, float]:
    return {finding: 1.0 - doubt for finding, doubt in findings.doubts.items()}


def _blanked(text: str, own: tuple[tuple[int, int], ...]) -> str:
    """Give the text with all words that are not the customer's own as spaces, so that places stay the same."""
    if own == ((0, len(text)),):
        return text
    pieces, at = [], 0
    for start, end in own:
        pieces += [" " * (start - at), text[start:end]]
        at = end
    return "".join(pieces) + " " * (len(text) - at)


def _lines(text: str, words: list[Word]) -> list[int]:
    """Give the words that a new line begins with."""
    if "\n" not in text:
        return []
    return [n + 1 for n in range(len(words) - 1) if "\n" in text[words[n].end : words[n + 1].start]]


def _language(said: Said, own_text: str, detect: Detect) -> str:
    language = detect(own_text)
    hint = (said.language_hint or "").replace("_", "-").split("-")[0].lower()
    return hint if language == UNKNOWN_LANGUAGE and len(hint) == 2 and hint.isalpha() else language


def _claims(findings: Findings) -> tuple[Claim, ...]:
    """Give what the customer says is so, from the rules that are about claims."""
    claimed: list[Evidence] = [e for e in findings.evidence.values() if e.finding.startswith("claim:")]
    return tuple(
        Claim(start=e.start, end=e.end, confidence=e.confidence or 0.0, judged_by=e.rule, claim=e.finding[6:])
        for e in sorted(claimed, key=lambda e: (e.start, e.end))
    )


def _settled(findings: Findings, rules: AssessmentRules) -> bool | None:
    """Give the answer to "is it settled?": a no outweighs a yes, and words that say neither give None."""
    if findings.sure("answer:unsettled") >= rules.outline.threshold:
        return False
    return True if findings.sure("answer:settled") >= rules.outline.threshold else None
