"""The statutory packs say what the law says, to the day."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from services.followup.adapters.calendars import pinned
from services.followup.adapters.policy_files import load_clocks
from services.followup.domain.commands import RetargetClock
from services.followup.domain.policies.clock_rules import ClockFile, ClockRule, RegimeFile
from services.followup.domain.policies.clock_state import OUTCOMES
from services.followup.domain.policies.clock_time import due_of
from services.followup.domain.state import ANSWERS, DECIDED
from services.triage.domain.policies.pack import Clause, PackFile
from services.triage.domain.policies.reply_check_rules import MustHavesFile
from shared.contracts.catalogue import facts_of
from shared.contracts.event import Fact
from shared.contracts.followup import FollowupAttemptRefused
from shared.contracts.followup_clocks import ClocksMoved, TimeTarget
from shared.runtime.policy_files import read_policy
from tests.support.clock_scenarios import instant
from tests.support.desk import Desk
from tests.support.followups import CASE, RULES, opened
from tests.support.recorded import recorded

POLICIES = Path(__file__).parents[2] / "policies"
PACKS = ("fca_disp", "asic_rg271", "es_ley_10_2025", "cfpb", "eu_dsa", "gdpr")
FILES = [
    (pack, path.name)
    for pack in PACKS
    for path in sorted((POLICIES / pack).glob("*.yaml"))
    if "clocks:" in path.read_text()
]


def rules_of(pack: str, file: str) -> dict[str, ClockRule]:
    return {rule.name: rule for rule in read_policy(POLICIES / pack / file, ClockFile).clocks}


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_is_complete_and_its_clocks_rest_on_its_clauses(pack: str) -> None:
    written = read_policy(POLICIES / pack / "pack.yaml", PackFile)
    assert (written.id, written.kind) == (pack, "statutory")
    clauses = {clause["id"]: Clause.model_validate(clause) for clause in yaml.safe_load(read(pack, "clauses.yaml"))}
    assert all(clause.text[written.fallback_language] for clause in clauses.values())
    assert read_policy(POLICIES / pack / "must_haves.yaml", MustHavesFile).must_haves
    for _, file in (each for each in FILES if each[0] == pack):
        for rule in rules_of(pack, file).values():
            assert rule.clause in clauses, rule.name
            assert pinned(POLICIES, rule.calendar).calendar.zone


def test_all_packs_can_apply_at_once() -> None:
    assert len(FILES) == 8
    names = [name for pack, file in FILES for name in rules_of(pack, file)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("pack", "file", "clock", "received", "due"),
    [
        ("fca_disp", "clocks.yaml", "fca_final_response", "2026-09-15 09:30", "2026-11-11 00:00"),
        ("fca_disp", "clocks.yaml", "fca_summary_resolution", "2026-12-23 16:00", "2026-12-30 17:00"),
        ("fca_disp", "payments.yaml", "fca_psd_final_response", "2026-12-18 09:00", "2027-01-14 00:00"),
        ("fca_disp", "clocks.yaml", "fca_ombudsman_window", "2026-08-31 12:00", "2027-03-01 00:00"),
        ("asic_rg271", "clocks.yaml", "asic_acknowledgement", "2026-10-03 16:00", "2026-10-04 17:00"),
        ("asic_rg271", "clocks.yaml", "asic_response", "2026-11-23 10:00", "2026-12-24 00:00"),
        ("asic_rg271", "super.yaml", "asic_super_response", "2026-11-23 10:00", "2027-01-08 00:00"),
        ("es_ley_10_2025", "clocks.yaml", "es_response", "2027-01-04 11:00", "2027-01-27 00:00"),
        ("cfpb", "clocks.yaml", "cfpb_response", "2026-03-01 12:00", "2026-03-17 00:00"),
        ("cfpb", "clocks.yaml", "cfpb_final", "2026-02-01 00:00", "2026-04-03 00:00"),
        ("eu_dsa", "clocks.yaml", "dsa_complaint_window", "2026-11-24 12:00", "2027-05-25 00:00"),
        ("gdpr", "clocks.yaml", "gdpr_response", "2027-01-31 10:00", "2027-03-02 00:00"),
    ],
)
def test_a_limit_ends_on_the_day_that_the_law_gives(pack: str, file: str, clock: str, received: str, due: str) -> None:
    rule = rules_of(pack, file)[clock]
    calendar = pinned(POLICIES, rule.calendar).calendar
    zone = ZoneInfo(calendar.zone)
    assert due_of(instant(received, zone), rule.target, calendar) == instant(due, zone)


def desk_under(tmp_path: Path, when: str, pack: str) -> Desk:
    regime = {"policy": pack, "when": {"country": ["GB", "US", "EU"], "channel": [when]}}
    written = {"version": "1", "business": {"country": "EU"}, "default": "clocks/default.yaml", "regimes": [regime]}
    for name in ("clocks", "calendars", *PACKS):
        (tmp_path / name).symlink_to(POLICIES / name)
    (tmp_path / "regimes").mkdir()
    (tmp_path / "regimes" / "default.yaml").write_text(yaml.safe_dump(written))
    return Desk(RULES.__class__(RULES.cadence, RULES.calendar, load_clocks(tmp_path)))


def hear_of(desk: Desk) -> list[Fact]:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    return desk.hear(recorded(opened().model_copy(update={"received_at": at}), at))


def test_a_regime_runs_only_on_the_cases_that_it_is_for(tmp_path: Path) -> None:
    desk = desk_under(tmp_path, "chat", "gdpr")
    hear_of(desk)
    assert desk.state.clocks.runs("gdpr_response")
    assert desk.state.clocks.runs("first_response")


def test_a_regime_for_letters_does_not_run_on_a_chat(tmp_path: Path) -> None:
    desk = desk_under(tmp_path, "email", "gdpr")
    hear_of(desk)
    assert not desk.state.clocks.runs("gdpr_response")
    assert desk.state.clocks.runs("first_response")


@pytest.mark.parametrize(
    ("amount", "unit", "at", "refused"),
    [
        (3, "months", "2026-12-10", None),
        (6, "months", "2026-12-10", "not_allowed_by_law"),
        (3, "months", "2026-12-30", "extended_too_late"),
    ],
)
def test_the_law_alone_extends_a_statutory_limit_and_in_time(
    tmp_path: Path, amount: float, unit: str, at: str, refused: str | None
) -> None:
    desk = desk_under(tmp_path, "chat", "gdpr")
    hear_of(desk)
    target = TimeTarget.model_validate({"amount": amount, "unit": unit})
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    [fact] = desk.do(RetargetClock(CASE, now, "sue", ("supervisor",), "gdpr_response", target, "complex"))
    if refused is None:
        assert isinstance(fact, ClocksMoved)
        assert fact.moves.changes[0].due == datetime(2027, 2, 23, 23, tzinfo=UTC)
    else:
        assert isinstance(fact, FollowupAttemptRefused)
        assert fact.reason_code == refused


def test_the_shop_has_the_default_clocks_alone() -> None:
    assert read_policy(POLICIES / "regimes" / "default.yaml", RegimeFile).regimes == ()


def read(pack: str, file: str) -> str:
    return (POLICIES / pack / file).read_text("utf-8")


def test_every_outcome_that_followup_notes_is_a_fact_to_clocks() -> None:
    noted = {*ANSWERS, *DECIDED, "referred", "proposed"}
    assert noted <= OUTCOMES.keys()
    for name in OUTCOMES.values():
        assert any(wire.startswith(f"{name}.v") for wire in facts_of(name.partition(".")[0])), name
