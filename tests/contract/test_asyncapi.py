"""docs/asyncapi.yaml is a true AsyncAPI 3 document: the official parser takes it, and it says what the code does."""

import copy
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.docs import pages
from deploy.docs.charters import chartered
from deploy.docs.samples import SAMPLES, Sample, released
from deploy.topics import declared_topics
from shared.contracts.event import REGISTRY

SOURCE = Path(__file__).parent / "asyncapi_validator"
Document = dict[str, Any]
Complaints = list[dict[str, str]]


@pytest.fixture(scope="module")
def validate() -> Callable[[Document], Complaints]:
    """The official parser, on the Node that came with our packages; installed once, beside the other packages."""
    home = Path(sys.prefix) / "asyncapi-validator"
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    home.mkdir(exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (SOURCE / "package-lock.json").read_bytes()
        installed = home / "installed.json"
        if not installed.exists() or installed.read_bytes() != wanted:
            shutil.copytree(SOURCE, home, dirs_exist_ok=True)
            subprocess.run([programs / "npm", "ci", "--silent"], cwd=home, env=environment, check=True, timeout=300)
            installed.write_bytes(wanted)
        shutil.copy(SOURCE / "validate.mjs", home)

    def run(document: Document) -> Complaints:
        command = [str(programs / "node"), "validate.mjs"]
        text = yaml.safe_dump(document)
        done = subprocess.run(command, cwd=home, input=text, text=True, capture_output=True, check=True, timeout=60)
        complaints: Complaints = json.loads(done.stdout)
        return complaints

    return run


@pytest.fixture(scope="module")
def written() -> Document:
    loaded: Document = yaml.safe_load((pages.DOCS / "asyncapi.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture
def document(written: Document) -> Document:
    return copy.deepcopy(written)


def test_the_official_parser_has_nothing_against_it(
    validate: Callable[[Document], Complaints], document: Document
) -> None:
    assert document["asyncapi"].startswith("3.")
    assert validate(document) == []


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda d: d["operations"]["triage.send"].pop("action"), "operations.triage.send"),
        (lambda d: d["channels"]["intake"].update(adress="x"), "channels.intake"),
        (lambda d: d["channels"]["intake"]["bindings"]["kafka"].update(partitions=0), "channels.intake.bindings.kafka"),
        (lambda d: d["components"]["messages"]["triage.request_referred.v1"].update(payload={"$ref": "#/no"}), ""),
        (lambda d: d["components"]["schemas"]["CloudEventsHeaders"].update(type="table"), "components.schemas"),
    ],
)
def test_the_parser_would_have_found_a_mistake(
    validate: Callable[[Document], Complaints], document: Document, spoil: Callable[[Document], Any], place: str
) -> None:
    spoil(document)
    assert [complaint for complaint in validate(document) if complaint["path"].startswith(place)]


def test_the_generated_pages_are_up_to_date() -> None:
    assert pages.main(["--check"]) == 0


def test_pages_are_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "docs/events.md is out of date (run: make docs)",
        "docs/asyncapi.yaml is out of date (run: make docs)",
    ]
    assert pages.main([], tmp_path) == 0
    assert pages.main(["--check"], tmp_path) == 0


def test_every_topic_is_a_channel_with_its_partitions(document: Document) -> None:
    told = {c["address"]: c["bindings"]["kafka"]["partitions"] for c in document["channels"].values()}
    assert told == {topic.name: topic.partitions for topic in declared_topics()}


def test_every_service_sends_and_receives_what_its_charter_says(document: Document) -> None:
    told = {
        (name.partition(".")[0], operation["action"], message["$ref"].rpartition("/")[2])
        for name, operation in document["operations"].items()
        for message in operation["messages"]
    }
    services = [service.charter for service in chartered()]
    sent = {(charter.owner, "send", wire) for charter in services for wire in charter.publishes}
    heard = {
        (charter.owner, "receive", wire)
        for charter in services
        for wire in REGISTRY
        if wire.partition(".")[0] in charter.listens
    }
    assert told == sent | heard


def test_every_reference_leads_to_something(document: Document) -> None:
    for reference in _references(document):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in node, reference
            node = node[step]


@pytest.mark.parametrize("sample", [s for s in released() if s.wire_type in REGISTRY], ids=lambda sample: sample.name)
def test_every_sample_fits_its_message(document: Document, sample: Sample) -> None:
    payload = document["components"]["messages"][sample.wire_type]["payload"]
    Draft202012Validator(document | payload).validate(json.loads(sample.body))


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_every_example_fits_its_message(document: Document, wire_type: str) -> None:
    message = document["components"]["messages"][wire_type]
    for example in message["examples"]:
        for part in ("headers", "payload"):
            Draft202012Validator(document | message[part]).validate(example[part])


def test_the_page_of_events_shows_every_type_every_field_and_who_listens() -> None:
    page = (pages.DOCS / "events.md").read_text("utf-8")
    for wire, fact in REGISTRY.items():
        section = page.partition(f"### {wire}\n")[2].partition("\n### ")[0]
        assert section, f"{wire} is not on the page"
        assert [name for name in fact.model_fields if f"| `{name}` |" not in section] == []
        assert "```json" in section
    for service in chartered():
        for owner in service.charter.listens:
            heard = page.partition(f"Topic `{owner}.events`; listening: ")[2].partition("\n")[0]
            assert f"**{service.charter.owner}**" in heard


def test_a_missing_sample_is_named_by_the_generator(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(pages, "released", list)
    assert pages.main([]) == 1
    assert str(SAMPLES) in capsys.readouterr().err


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
