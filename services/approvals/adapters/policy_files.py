"""The authority matrix, what packs say of their own clauses, and its calendar, from the policy directory into rules."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from services.approvals.domain.policies.authority import AuthorityRules
from services.approvals.domain.policies.matrix import Matrix
from services.approvals.domain.policies.matrix_parts import AtLeast, MatrixPart
from shared.kernel.errors import MalformedInput
from shared.runtime.policy_files import read_calendar, read_policy

MATRIX = Path("authority") / "matrix.yaml"


class PackAuthority(MatrixPart):
    """A pack's authority.yaml: the lowest role that may except from a clause, by the clause's id, else `default`."""

    default: str | None = None
    clauses: Mapping[str, str] = Field(default_factory=dict)


class _Named(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str


class _Clauses(RootModel[tuple[_Named, ...]]):
    pass


class _Giving(BaseModel):
    model_config = ConfigDict(extra="ignore")

    gives: str | None = None
    kind: str | None = None


class _Rules(RootModel[tuple[_Giving, ...]]):
    pass


def load_authority(policy_dir: Path, matrix_file: Path | None = None) -> AuthorityRules:
    """Load `authority/matrix.yaml`, or another matrix, with every pack's `authority.yaml` and the calendar it names.

    Raises MalformedInput for what does not fit, naming file, field and fix.
    """
    matrix = read_policy(matrix_file or policy_dir / MATRIX, Matrix)
    for addition in sorted(policy_dir.glob("*/authority.yaml")):
        matrix = _with_floors(matrix, addition)
    return AuthorityRules(matrix, read_calendar(policy_dir / matrix.calendar))


def clauses_of(policy_dir: Path) -> set[str]:
    """Give every clause of every pack in the policy directory, as the matrix names them: `policy/clause`."""
    return {f"{pack}/{clause}" for file in policy_dir.glob("*/pack.yaml") for pack, clause in _clauses(file.parent)}


def known_kinds(policy_dir: Path) -> set[str]:
    """Give the demand kinds that triage's rules give, and `other`."""
    files = [policy_dir / "assessment" / name for name in ("kinds.yaml", "combinations.yaml")]
    rules = [rule for file in files if file.exists() for rule in read_policy(file, _Rules).root]
    return {"other", *(kind for rule in rules if (kind := rule.gives or rule.kind))}


def _with_floors(matrix: Matrix, file: Path) -> Matrix:
    written = read_policy(file, PackAuthority)
    known = list(_clauses(file.parent))
    dead = sorted(written.clauses.keys() - {clause for _, clause in known})
    if dead:
        raise MalformedInput(
            f"the pack has no clause {dead[0]}", field=f"{file}: clauses.{dead[0]}", fix="name one of its clauses"
        )
    floors = [
        AtLeast(clauses=(f"{pack}/{clause}",), role=role)
        for pack, clause in known
        if (role := written.clauses.get(clause, written.default)) is not None
    ]
    whole = matrix.model_copy(update={"at_least": (*matrix.at_least, *floors)})
    try:
        return Matrix.model_validate(whole.model_dump())
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, at_least.")
        raise MalformedInput(
            problem.partition(": ")[2], field=str(file), fix="name a role of authority/matrix.yaml"
        ) from error


def _clauses(pack_dir: Path) -> Iterator[tuple[str, str]]:
    """Give a pack's id with each of its clauses' ids."""
    pack = read_policy(pack_dir / "pack.yaml", _Named).id
    if (pack_dir / "clauses.yaml").exists():
        for clause in read_policy(pack_dir / "clauses.yaml", _Clauses).root:
            yield pack, clause.id
