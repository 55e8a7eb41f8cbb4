"""A policy pack from its directory: loaded, checked, and evaluated with the rules engine."""

from pathlib import Path
from typing import Any, get_args

from pydantic import RootModel

from services.triage.adapters.decision_table import DecisionTable, Row
from services.triage.domain.policies.pack import Clause, PackFile, Texts, complaints
from services.triage.domain.policies.ruling import Outcome, Question, Ruling, Trace
from services.triage.domain.policies.wording import REVIEW_LIMIT, Replies, Wording, say_boundary, say_grant
from shared.contracts.values import Alternative, ClauseRef
from shared.kernel.errors import MalformedInput, NotFound
from shared.runtime.policy_files import read_policy


class ClausesFile(RootModel[tuple[Clause, ...]]):
    """clauses.yaml: the clauses of a pack."""


class PolicyPack:
    """One version of a policy: its clauses, its decision table, its replies."""

    def __init__(self, home: Path) -> None:
        """Load a pack; raises MalformedInput when anything that a ruling may need is missing or does not fit."""
        self.facts = read_policy(home / "pack.yaml", PackFile)
        written = read_policy(home / "clauses.yaml", ClausesFile).root
        self.table = DecisionTable(home / "table.json")
        self.clauses = {clause.id: clause for clause in written}
        replies = {
            language: read_policy(home / "replies" / f"{language}.yaml", Replies) for language in self.facts.languages
        }
        self.wording = Wording(replies, self.facts.forms, self.facts.fallback_language)
        used: dict[str, set[str]] = {}
        for row in self.table.rows:
            if row.outputs["outcome"] not in get_args(Outcome):
                raise self._wrong(home, f"row {row.id}: outcome must be one of {', '.join(get_args(Outcome))}")
            used.setdefault(str(row.outputs["clause"]), set()).add(row.outputs["outcome"])
        if found := complaints(self.facts, written, used):
            raise self._wrong(home, "; ".join(found))
        self._fits_reviews(home)

    def evaluate(self, question: Question) -> Ruling:
        """Give the policy's answer, in the customer's language where the pack has it; under 0.5 ms."""
        outputs, row = self.table.evaluate(_inputs(question))
        return self.ruling(outputs, self.trace(row), self.wording.language(question.language))

    def ruling(self, outputs: dict[str, Any], trace: Trace, language: str) -> Ruling:
        """Put a row's outputs into words; `language` must be one of the pack's."""
        clause = self.clauses[outputs["clause"]]

        def say(texts: Texts | None) -> str:
            return (texts or {}).get(language, "")

        return Ruling(
            outcome=outputs["outcome"],
            clause=self.quote(clause.id, language),
            language=language,
            working_days=int(outputs.get("working_days") or 0),
            trace=trace,
            limit=say(clause.limit),
            reason=say(clause.reason),
            alternatives=tuple(Alternative(offer=say(a.offer), benefit=say(a.benefit)) for a in clause.alternatives),
            appeal=say(clause.appeal or self.facts.appeal),
            what=say(clause.what),
            deviation=say(clause.deviation),
            note=outputs.get("note") or trace.meaning,
            states_amount=clause.states_amount,
        )

    @staticmethod
    def trace(row: Row) -> Trace:
        """Give why an answer is given that this row leads to."""
        return Trace(row.id, row.meaning, tuple(row.inputs.items()))

    def quote(self, clause_id: str, language: str) -> ClauseRef:
        """Give a clause as it may be quoted; raises NotFound for a clause that the pack does not have."""
        clause = self.clauses.get(clause_id)
        if clause is None:
            raise NotFound(
                f"policy {self.facts.id} {self.facts.version} has no clause {clause_id}",
                field="clause",
                fix=f"use one of {', '.join(self.clauses)}",
            )
        return ClauseRef(
            policy=self.facts.id,
            version=self.facts.version,
            clause=clause.id,
            text=clause.text[self.wording.language(language)],
        )

    def deviation(self, clause_id: str, language: str) -> str:
        """Give what an exception to a clause would grant; empty for a clause that the pack no longer has."""
        clause = self.clauses.get(clause_id)
        texts = clause.deviation if clause else None
        return (texts or {}).get(self.wording.language(language), "")

    def _fits_reviews(self, home: Path) -> None:
        """Public answers have a hard limit; one that is too long must be found before a customer asks."""
        for row in self.table.rows:
            say = {"refused": say_boundary, "allowed": say_grant}.get(row.outputs["outcome"])
            for language, replies in self.wording.replies.items() if say else ():
                ruling = self.ruling(dict(row.outputs), self.trace(row), language)
                for tone in replies.acknowledgements:
                    text = say(ruling, tone, "review", self.wording) if say else ""
                    if len(text) > REVIEW_LIMIT:
                        raise self._wrong(
                            home,
                            f"row {row.id} in {language}, tone {tone}: the public answer has {len(text)} characters, "
                            f"{REVIEW_LIMIT} are allowed",
                        )

    @staticmethod
    def _wrong(home: Path, problem: str) -> MalformedInput:
        return MalformedInput(problem, field=str(home), fix="correct the pack and load it again")


def _inputs(question: Question) -> dict[str, Any]:
    """Give a question in the words of the table's columns; amounts as numbers, what is unknown as null."""
    amount = question.amount
    return {
        "kind": question.kind,
        "kinds": list(question.kinds),
        "remedy": question.remedy,
        "topics": list(question.topics),
        "tone": question.tone,
        "urgency": question.urgency,
        "emergency": question.emergency,
        "appeals": question.appeals,
        "confidence": question.confidence,
        "channel": question.channel,
        "amount": float(amount.amount) if amount else None,
        "currency": amount.currency if amount else None,
        "days_since_purchase": question.days_since_purchase,
    }
