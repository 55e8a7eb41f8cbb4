"""Reads a message by transparent rules: the demand, its urgency, tone and language, and the words that say so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.triage.domain.policies.dates import deadline, purchase_day
from services.triage.domain.policies.facts import Stated, amounts, orders, own_words
from services.triage.domain.policies.phrases import Word, find, negated, words_of
from services.triage.domain.policies.rulebook import URGENCIES, AssessmentRules, Combination
from shared.contracts.triage import Evidence, Reading
from shared.contracts.values import Money

UNKNOWN_LANGUAGE = "und"
Detect = Callable[[str], str]
"""Give the ISO 639-1 code of a text's language, or `und` when unsure."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer said, and how: the words, the channel, when, stars given, the language the channel reports."""

    text: str
    channel: str
    received_at: datetime
    rating: int | None = None
    language_hint: str | None = None


@dataclass(slots=True)
class _Findings:
    """What has been found so far: how sure we are of each finding, and where it stands."""

    doubts: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    emergency: bool = False

    def add(self, finding: str, weight: float, evidence: Evidence) -> None:
        self.doubts[finding] = self.doubts.get(finding, 1.0) * (1.0 - weight)
        self.evidence[evidence.rule] = evidence

    def sure(self, finding: str) -> float:
        """Give how sure we are of a finding, from 0 to 1: independent rules add up, as 1 - (1 - a)(1 - b)."""
        return 1.0 - self.doubts.get(finding, 1.0)

    def named(self, group: str) -> dict[str, float]:
        prefix = f"{group}:"
        return {f[len(prefix) :]: 1.0 - doubt for f, doubt in self.doubts.items() if f.startswith(prefix)}


def judge(said: Said, rules: AssessmentRules, detect: Detect) -> Reading:
    """Read one message; any text gives a reading, never an error. Pure as long as `detect` is."""
    stretches = own_words(said.text, rules)
    words = [word for start, end in stretches for word in words_of(said.text, start, end)]
    findings = _match_phrases(words, rules)
    _hear_shouting(said.text, stretches, findings, rules)
    today = said.received_at.date()
    bought = purchase_day(words, today, rules.dates)
    due = deadline(words, today, rules.dates)
    if bought:
        _note(findings, "fact:days_since_purchase", words, bought.first, bought.last, "purchase-day")
    if due:
        _note(findings, "fact:deadline", words, due.first, due.last, "deadline")
    days = (today - bought.day).days if bought else None
    remedy = _best(findings.named("remedy"), rules.outline.remedies, rules.outline.threshold)
    tone = _tone(findings, rules)
    urgency = _urgency(findings)
    for combination in rules.combinations:
        if _holds(combination, said, findings, remedy, tone, urgency, days, rules):
            at = _where(findings, combination, remedy)
            rule = f"combination/{combination.id}"
            evidence = Evidence(finding=f"kind:{combination.kind}", start=at[0], end=at[1], rule=rule)
            findings.add(evidence.finding, combination.weight, evidence)
    kinds = _kinds(findings, said.channel, rules)
    appeals = findings.sure("answer:appeal") >= rules.outline.threshold
    return Reading(
        kinds=kinds,
        remedy=remedy,
        urgency=urgency,
        tone=tone,
        language=_language(said, stretches, detect),
        confidence=_confidence(kinds, findings, rules),
        judged_by=f"rules/{rules.outline.version}",
        emergency=findings.emergency,
        amount=_amount(amounts(said.text, stretches, rules), findings, remedy),
        order=_order(said.text, stretches, findings, rules),
        days_since_purchase=days,
        deadline=due.day.isoformat() if due else None,
        appeals=appeals,
        settled=_settled(findings, rules),
        evidence=tuple(sorted(findings.evidence.values(), key=lambda e: (e.start, e.end, e.rule))),
    )


def _match_phrases(words: list[Word], rules: AssessmentRules) -> _Findings:
    findings = _Findings()
    at_length = len(words) > rules.outline.brief_words
    for number, first, last in find(rules.book, words):
        judgement = rules.judgements[number]
        if judgement.id in findings.evidence:
            continue
        if judgement.negatable and negated(words, first, rules.negations):
            continue
        span = Evidence(finding=judgement.finding, start=words[first].start, end=words[last].end, rule=judgement.id)
        findings.add(judgement.finding, judgement.weight / (2 if judgement.brief and at_length else 1), span)
        findings.emergency = findings.emergency or judgement.emergency
    return findings


def _hear_shouting(text: str, stretches: list[tuple[int, int]], findings: _Findings, rules: AssessmentRules) -> None:
    shouting, exclamations = rules.outline.shouting, rules.outline.exclamations
    own = "".join(text[start:end] for start, end in stretches)
    start, end = (stretches[0][0], stretches[-1][1]) if stretches else (0, 0)
    capitals = sum(map(str.isupper, own))
    if capitals >= shouting.letters * shouting.share:
        letters = capitals + sum(map(str.islower, own))
        if letters >= shouting.letters and capitals >= shouting.share * letters:
            evidence = Evidence(finding=f"tone:{shouting.tone}", start=start, end=end, rule="shouting")
            findings.add(evidence.finding, 0.7, evidence)
    marks = own.count("!")
    for tone, needed in exclamations.items():
        if marks >= needed:
            evidence = Evidence(finding=f"tone:{tone}", start=start, end=end, rule=f"exclamations-{needed}")
            findings.add(evidence.finding, 0.4, evidence)


def _note(findings: _Findings, finding: str, words: list[Word], first: int, last: int, rule: str) -> None:
    evidence = Evidence(finding=finding, start=words[first].start, end=words[last].end, rule=rule)
    findings.add(finding, 1.0, evidence)


def _best(found: dict[str, float], order: tuple[str, ...], threshold: float) -> str | None:
    sure = [name for name, weight in found.items() if weight >= threshold]
    return min(sure, key=lambda name: (-round(found[name], 3), order.index(name)), default=None)


def _tone(findings: _Findings, rules: AssessmentRules) -> str:
    """Give the sharpest tone whose own and sharper signs together reach the threshold."""
    tones = rules.outline.tones
    doubt = 1.0
    for tone in reversed(tones[1:]):
        doubt *= findings.doubts.get(f"tone:{tone}", 1.0)
        if 1.0 - doubt >= rules.outline.threshold:
            return tone
    return tones[0]


def _urgency(findings: _Findings) -> str:
    found = findings.named("urgency")
    return next((level for level in ("critical", "high", "low") if level in found), URGENCIES[1])


def _holds(
    rule: Combination,
    said: Said,
    findings: _Findings,
    remedy: str | None,
    tone: str,
    urgency: str,
    days: int | None,
    rules: AssessmentRules,
) -> bool:
    threshold = rules.outline.threshold

    def any_of(group: str, names: frozenset[str]) -> bool:
        return any(findings.sure(f"{group}:{name}") >= threshold for name in names)

    return (
        (not rule.remedies or remedy in rule.remedies)
        and (not rule.tones or tone in rule.tones)
        and (not rule.urgencies or urgency in rule.urgencies)
        and (not rule.channels or said.channel in rule.channels)
        and (not rule.topics or any_of("topic", rule.topics))
        and not any_of("topic", rule.without_topics)
        and (not rule.kinds or any_of("kind", rule.kinds))
        and not any_of("kind", rule.without_kinds)
        and (rule.days_over is None or (days is not None and days > rule.days_over))
        and (rule.rating_upto is None or (said.rating is not None and said.rating <= rule.rating_upto))
    )


def _where(findings: _Findings, rule: Combination, remedy: str | None) -> tuple[int, int]:
    """Give the span of the first finding that a combination rests on; (0, 0) when it rests on no words."""
    named = (("topic", rule.topics), ("kind", rule.kinds), ("tone", rule.tones), ("urgency", rule.urgencies))
    rests_on = {f"{group}:{name}" for group, names in named for name in names}
    if rule.remedies:
        rests_on.add(f"remedy:{remedy}")
    return next(((e.start, e.end) for e in findings.evidence.values() if e.finding in rests_on), (0, 0))


def _kinds(findings: _Findings, channel: str, rules: AssessmentRules) -> tuple[str, ...]:
    outline = rules.outline
    found = {k: w for k, w in findings.named("kind").items() if w >= outline.threshold}
    chatting = found.pop(outline.small_talk, 0.0)
    firm = [kind for kind in found if kind not in outline.weak_kinds]
    asked = firm or ([] if chatting or channel in outline.firm_only_channels else list(found))
    return tuple(sorted(asked, key=lambda kind: (-round(found[kind], 3), outline.kinds.index(kind))))


def _confidence(kinds: tuple[str, ...], findings: _Findings, rules: AssessmentRules) -> float:
    """Give how sure we are of the leading kind; of there being none, how unsure we are of the nearest one."""
    if kinds:
        return round(findings.sure(f"kind:{kinds[0]}"), 3)
    near = [w for k, w in findings.named("kind").items() if k != rules.outline.small_talk]
    return round(1.0 - min(max(near, default=0.0), 0.5), 3)


def _language(said: Said, stretches: list[tuple[int, int]], detect: Detect) -> str:
    language = detect("\n".join(said.text[start:end] for start, end in stretches))
    hint = (said.language_hint or "").replace("_", "-").split("-")[0].lower()
    return hint if language == UNKNOWN_LANGUAGE and len(hint) == 2 and hint.isalpha() else language


def _amount(stated: list[Stated], findings: _Findings, remedy: str | None) -> Money | None:
    """Give the amount nearest to the words that name the remedy, else the first."""
    if not stated:
        return None
    anchor = next((e.start for e in findings.evidence.values() if e.finding == f"remedy:{remedy}"), 0)
    nearest = min(stated, key=lambda s: abs(s.start - anchor))
    findings.add(
        "fact:amount", 1.0, Evidence(finding="fact:amount", start=nearest.start, end=nearest.end, rule="amount")
    )
    return nearest.money


def _order(text: str, stretches: list[tuple[int, int]], findings: _Findings, rules: AssessmentRules) -> str | None:
    for number, start, end, name in orders(text, stretches, rules):
        findings.add("fact:order", 1.0, Evidence(finding="fact:order", start=start, end=end, rule=f"order-{name}"))
        return number
    return None


def _settled(findings: _Findings, rules: AssessmentRules) -> bool | None:
    """Give the answer to "is it settled?": a no outweighs a yes, and words that say neither give None."""
    if findings.sure("answer:unsettled") >= rules.outline.threshold:
        return False
    return True if findings.sure("answer:settled") >= rules.outline.threshold else None
