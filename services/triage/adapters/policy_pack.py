"""One version of a policy pack: loaded, checked, and evaluated with the rules engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import RootModel

from services.triage.adapters.decision_table import DecisionTable, Passed, Row
from services.triage.adapters.pack_files import PackFiles, read_pack_files
from services.triage.domain.policies import evaluation
from services.triage.domain.policies.evaluation import AuthorityNeeded, Condition, PolicyAnswer, PolicyRequest
from services.triage.domain.policies.lookups import UNREACHABLE
from services.triage.domain.policies.pack import Authorities, Clause, PackFile, Texts, complaints, language_of
from services.triage.domain.policies.ruling import Missing, Outcome, Question, Ruling, Trace
from services.triage.domain.policies.wording import REVIEW_LIMIT, Replies, Wording, say_boundary, say_grant
from shared.contracts.values import Alternative, ClauseRef
from shared.kernel.errors import MalformedInput, NotFound

READING_TABLE = "table.json"
OUTCOMES = get_args(Outcome)


class ClausesFile(RootModel[tuple[Clause, ...]]):
    """clauses.yaml: the clauses of a pack."""


class PolicyPack:
    """One version of a policy: its clauses, its decision tables, its replies."""

    def __init__(self, source: Path | PackFiles) -> None:
        """Load a pack; raises MalformedInput when anything that an answer may need is missing or does not fit."""
        files = source if isinstance(source, PackFiles) else read_pack_files(source)
        self.source = files
        self.facts = files.parsed("pack.yaml", PackFile)
        self.written = files.parsed("clauses.yaml", ClausesFile).root
        self.clauses = {clause.id: clause for clause in self.written}
        self.authorities = files.parsed("authority.yaml", Authorities) if "authority.yaml" in files.files else None
        replies = {
            language: files.parsed(f"replies/{language}.yaml", Replies)
            for language in self.facts.languages
            if f"replies/{language}.yaml" in files.files or language == self.facts.fallback_language
        }
        self.wording = Wording(replies, self.facts.forms, self.facts.fallback_language)
        paths = {action.table for action in self.facts.actions.values()} or {READING_TABLE}
        self.tables = {path: DecisionTable(files.text(path), f"{files.where}/{path}") for path in sorted(paths)}
        self._check()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that answer, of every table."""
        return tuple(row for table in self.tables.values() for row in table.rows)

    @property
    def used(self) -> dict[str, set[str]]:
        """The outcomes that the tables give, by clause."""
        used: dict[str, set[str]] = {}
        for row in self.rows:
            used.setdefault(str(row.outputs["clause"]), set()).add(row.outputs["outcome"])
        return used

    def evaluate(self, question: Question) -> Ruling:
        """Give the policy's answer to a reading, in the customer's language where the pack has it."""
        return ruling_of(self.answer(evaluation.request_of(question, self.facts)))

    def answer(self, request: PolicyRequest) -> PolicyAnswer:
        """Give the policy's answer to a structured request; a person must answer what no table settles."""
        action = self.facts.actions.get(request.action or "")
        inputs = evaluation.table_inputs(request, self.facts)
        if self.facts.actions and action is None:
            asked = f"no rules for the action {request.action}" if request.action else "no action is asked for"
            return self._unsettled(request, asked)
        if action and (unknown := evaluation.missing(inputs, action, self.facts)):
            if unreachable := [one.record for one in request.looked_up if one.source == UNREACHABLE]:
                return self._unsettled(request, f"could not be looked up: {', '.join(unreachable)}")
            return self._ask(request, self.facts.otherwise or "", unknown, action.ask)
        try:
            outputs, passed = self.tables[action.table if action else READING_TABLE].evaluate(inputs)
        except LookupError as error:
            if not self.facts.otherwise:
                raise
            return self._unsettled(request, str(error))
        answer = self.said(outputs, request.language, passed)
        if answer.outcome == "needs_information" and outputs.get("ask"):
            missing = [Missing(path=outputs["ask"], question=self._question(outputs["ask"], {}, answer.language))]
            answer = answer.model_copy(update={"missing": tuple(missing)})
        return answer.model_copy(update={"action": request.action, "looked_up": request.looked_up})

    def said(self, outputs: dict[str, Any], language: str, passed: list[Passed]) -> PolicyAnswer:
        """Put the outputs of a row into words, in the customer's language where the clause has it."""
        clause, outcome = self.clauses[outputs["clause"]], outputs["outcome"]
        language = language_of(clause, self.facts, outcome, self.wording.language(language))

        def say(texts: Texts | None) -> str:
            return (texts or {}).get(language) or (texts or {}).get(self.facts.fallback_language, "")

        row = next((node.row for node in reversed(passed) if node.row), None)
        return PolicyAnswer.model_construct(
            outcome=outcome,
            language=language,
            clause=self.quote(clause.id, language),
            limit=say(clause.limit),
            reason=say(clause.reason),
            alternatives=tuple(Alternative(offer=say(a.offer), benefit=say(a.benefit)) for a in clause.alternatives),
            appeal=say(clause.appeal or self.facts.appeal),
            what=say(clause.what),
            deviation=say(clause.deviation),
            note=outputs.get("note") or (row.meaning if row else ""),
            authority=self._authority(clause.id, outputs.get("role"), row) if outcome != "allowed" else None,
            working_days=int(outputs.get("working_days") or 0),
            limit_value=outputs.get("limit_value"),
            states_amount=clause.states_amount,
            trace=tuple(_step(node) for node in passed),
        )

    def quote(self, clause_id: str, language: str) -> ClauseRef:
        """Give a clause as it may be quoted; raises NotFound for a clause that the pack does not have."""
        clause = self.clauses.get(clause_id)
        if clause is None:
            raise NotFound(
                f"policy {self.facts.id} {self.facts.version} has no clause {clause_id}",
                field="clause",
                fix=f"use one of {', '.join(self.clauses)}",
            )
        text = clause.text.get(language) or clause.text[self.facts.fallback_language]
        return ClauseRef(policy=self.facts.id, version=self.facts.version, clause=clause.id, text=text)

    def deviation(self, clause_id: str, language: str) -> str:
        """Give what an exception to a clause would grant; empty for a clause that the pack no longer has."""
        clause = self.clauses.get(clause_id)
        texts = (clause.deviation if clause else None) or {}
        return texts.get(self.wording.language(language)) or texts.get(self.facts.fallback_language, "")

    def _unsettled(self, request: PolicyRequest, why: str) -> PolicyAnswer:
        outputs = {"outcome": "needs_person", "clause": self.facts.otherwise, "note": why, "working_days": 1}
        answer = self.said(outputs, request.language, [])
        return answer.model_copy(update={"action": request.action, "looked_up": request.looked_up})

    def _ask(self, request: PolicyRequest, clause: str, paths: list[str], asks: dict[str, Texts]) -> PolicyAnswer:
        answer = self.said({"outcome": "needs_information", "clause": clause}, request.language, [])
        language = self.wording.language(request.language)
        missing = tuple(Missing(path=path, question=self._question(path, asks, language)) for path in paths)
        update = {"missing": missing, "action": request.action, "looked_up": request.looked_up, "authority": None}
        return answer.model_copy(update=update)

    def _question(self, path: str, asks: dict[str, Texts], language: str) -> str:
        return evaluation.question_for(path, self.facts, asks, language)

    def _authority(self, clause: str, role: object, row: Row | None) -> AuthorityNeeded | None:
        if isinstance(role, str) and role and row:
            return AuthorityNeeded(role=role, why=f"table {row.table}, row {row.id}")
        if self.authorities and clause in self.authorities.clauses:
            return AuthorityNeeded(role=self.authorities.clauses[clause], why=f"authority.yaml, clause {clause}")
        if self.authorities and self.authorities.default:
            return AuthorityNeeded(role=self.authorities.default, why="authority.yaml, default")
        return None

    def _check(self) -> None:
        for row in self.rows:
            if row.outputs["outcome"] not in OUTCOMES:
                raise self._wrong(f"row {row.id}: outcome must be one of {', '.join(OUTCOMES)}")
            ask = row.outputs.get("ask")
            if ask and not self._question(ask, {}, self.facts.fallback_language):
                raise self._wrong(f"row {row.id} asks for {ask}, but pack.yaml has no such question")
        for name, action in self.facts.actions.items():
            for path in action.needs:
                if not self._question(path, action.ask, self.facts.fallback_language):
                    raise self._wrong(f"action {name} needs {path}, but has no question for it under ask")
        if found := complaints(self.facts, self.written, self.used):
            raise self._wrong("; ".join(found))
        if wrong := next(self.too_long(), None):
            raise self._wrong(wrong)

    def too_long(self) -> Iterator[str]:
        """Give the public answers that are too long; that must be found before a customer asks."""
        for row in self.rows:
            say = {"refused": say_boundary, "allowed": say_grant}.get(row.outputs["outcome"])
            for language, replies in self.wording.replies.items() if say else ():
                ruling = ruling_of(self.said(dict(row.outputs), language, [Passed(row.table, {}, row, {})]))
                for tone in replies.acknowledgements:
                    text = say(ruling, tone, "review", self.wording) if say else ""
                    if self.wording.form("review") == "review" and len(text) > REVIEW_LIMIT:
                        yield (
                            f"row {row.id} in {language}, tone {tone}: the public answer has {len(text)} characters, "
                            f"{REVIEW_LIMIT} are allowed"
                        )

    def _wrong(self, problem: str) -> MalformedInput:
        return MalformedInput(problem, field=self.source.where, fix="correct the pack and load it again")


def ruling_of(answer: PolicyAnswer) -> Ruling:
    """Give an answer as the decider takes it."""
    last = next((step for step in reversed(answer.trace) if step.rule), None)
    conditions = tuple((one.field, one.condition) for one in last.conditions) if last else ()
    return Ruling(
        outcome=answer.outcome,
        clause=answer.clause,
        language=answer.language,
        working_days=answer.working_days,
        trace=Trace(last.rule if last else "", last.meaning if last else answer.note, conditions),
        limit=answer.limit,
        reason=answer.reason,
        alternatives=answer.alternatives,
        appeal=answer.appeal,
        what=answer.what,
        deviation=answer.deviation,
        note=answer.note,
        states_amount=answer.states_amount,
        missing=answer.missing,
        role=answer.authority.role if answer.authority else None,
    )


def _step(node: Passed) -> evaluation.TraceStep:
    """Give a node passed as the answer shows it: conditions with the values that met them."""
    if node.row is None:
        return evaluation.TraceStep.model_construct(
            table=node.name, rule="", meaning="", conditions=(), values=dict(node.values)
        )
    named = zip(node.row.inputs, node.row.cells, strict=True)
    conditions = tuple(
        Condition.model_construct(field=name, condition=cell, value=_simple(evaluation.value_at(node.seen, field)))
        for name, (field, cell) in named
    )
    return evaluation.TraceStep.model_construct(
        table=node.name, rule=node.row.id, meaning=node.row.meaning, conditions=conditions, values={}
    )


def _simple(value: object) -> object:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return value
    return value if isinstance(value, str | int | float | None) else None
