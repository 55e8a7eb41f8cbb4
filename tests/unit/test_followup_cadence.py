"""The cadence file: ours loads, and a mistake is named with its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.followup.adapters.policy_files import load_cadence
from shared.kernel.errors import MalformedInput

CALENDAR = {"zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}}
CADENCE: dict[str, Any] = {
    "version": "c1",
    "calendar": "calendars/default.yaml",
    "promise_working_days": {"clause": 5, "decision": 3},
    "at_risk_lead_hours": 24,
    "quiet_working_days": 5,
    "check_in_after_working_days": 1,
    "close_after_working_days": 10,
}


def write(folder: Path, cadence: dict[str, Any]) -> Path:
    """Write a policy directory and give its path."""
    for name, content in (("cadence/default.yaml", cadence), ("calendars/default.yaml", CALENDAR)):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
    return folder


def test_a_written_cadence_loads(tmp_path: Path) -> None:
    rules = load_cadence(write(tmp_path, CADENCE))
    assert rules.cadence.quiet_working_days == 5
    assert rules.calendar.zone == "UTC"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quiet_working_days": 0}, "quiet_working_days"),
        ({"promise_working_days": {"clause": 5}}, "promise_working_days.decision"),
        ({"check_in_after_working_days": 10}, "must be more than check_in_after_working_days"),
        ({"quiet_days": 5}, "quiet_days"),
    ],
)
def test_a_mistake_in_the_cadence_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        load_cadence(write(tmp_path, CADENCE | change))
    assert "cadence/default.yaml" in str(caught.value)
    assert said in str(caught.value)


def test_the_files_that_ship_load() -> None:
    assert load_cadence(Path(__file__).parents[2] / "policies").cadence.version
