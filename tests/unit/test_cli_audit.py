"""The verbs of `recourse audit` that show, prove, and change keys."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.environment import DECIDING
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.log_keys import LogKeys
from shared.eventstore.log_keys import KeyRing, new_key, statement_for
from shared.eventstore.merkle import event_leaf, inclusion_proof, root_of, spans_over
from shared.eventstore.notes import Checkpoint, Note, SigningKey
from shared.runtime.clock import now
from tests.support.cli_stack import FakeStack, fake_stack

HALVES = [(bytes([number]) * 32, bytes([number + 100]) * 32) for number in range(20)]
LEAVES = [event_leaf(*halves) for halves in HALVES]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    keys(made).prepare()
    for service in DECIDING:
        current = keys(made).read(service).current.verifier().vkey
        made.answer(service, "GET", "/evidence/keys", {"keys": [current], "statements": []})
        made.answer(service, "POST", "/evidence/checkpoints", [checkpoint(service)])
    return made


def keys(stack: FakeStack) -> LogKeys:
    return LogKeys(Home(stack.root).identity)


def checkpoint(service: str, size: int = 1234) -> dict[str, Any]:
    return {
        "origin": f"recourse/{service}/0",
        "log_part": 0,
        "number": 1,
        "size": size,
        "root": b64encode(bytes(32)).decode(),
        "note": "",
        "signed_at": "2026-11-24T12:00:00Z",
    }


def proved(key: SigningKey, position: int = 7) -> dict[str, Any]:
    point = Checkpoint("recourse/intake/3", len(LEAVES), root_of(LEAVES))
    header, body = HALVES[position - 1]
    return {
        "origin": point.origin,
        "position": position,
        "size": point.size,
        "header_hash": b64encode(header).decode(),
        "body_hash": b64encode(body).decode(),
        "proof": [b64encode(one).decode() for one in inclusion_proof(position - 1, point.size, spans_over(LEAVES))],
        "note": Note(point.text, (key.sign(point.text),)).encode().decode(),
    }


def test_a_checkpoint_is_signed_in_every_log(stack: FakeStack) -> None:
    told = stack.json("audit", "checkpoint")
    assert [one["origin"] for one in told["checkpoints"]] == [f"recourse/{service}/0" for service in DECIDING]
    assert "1,234" in stack.run("audit", "checkpoint").stdout


def test_a_history_that_is_refused_is_no_mistake_of_the_caller(stack: FakeStack) -> None:
    no = {"title": "Refused", "detail": "recourse/triage/3: the log ends at 6 (rolled_back)"}
    stack.answer("triage", "POST", "/evidence/checkpoints", httpx.Response(409, json=no))
    with pytest.raises(StackError, match="the log ends at 6"):
        raise stack.run("audit", "checkpoint").exception or AssertionError


def test_a_proof_is_checked_and_written(stack: FakeStack, tmp_path: Path) -> None:
    stack.answer("intake", "GET", "/evidence/proof/3/7", proved(keys(stack).read("intake").current))
    told = stack.json("audit", "proof", "intake/3/7", "-o", str(tmp_path / "proof.json"))
    assert told["holds"] is True
    assert json.loads((tmp_path / "proof.json").read_text()) == told


def test_a_proof_under_a_strange_key_has_exit_code_1(stack: FakeStack) -> None:
    stack.answer("intake", "GET", "/evidence/proof/3/7", proved(new_key("intake")))
    result = stack.run("audit", "proof", "intake/3/7")
    assert result.exit_code == 1
    assert "does not hold" in result.stdout


def test_a_proof_of_another_event_does_not_hold(stack: FakeStack) -> None:
    stack.answer(
        "intake", "GET", "/evidence/proof/3/7", {**proved(keys(stack).read("intake").current, 8), "position": 7}
    )
    assert stack.run("audit", "proof", "intake/3/7").exit_code == 1


def test_an_event_that_no_checkpoint_covers_is_sealed_first(stack: FakeStack) -> None:
    answers = [
        httpx.Response(
            404, json={"title": "Not found", "detail": "x", "fix": "have one signed: POST /evidence/checkpoints"}
        ),
        httpx.Response(200, json=proved(keys(stack).read("intake").current)),
    ]
    stack.answer("intake", "GET", "/evidence/proof/3/7", lambda _: answers.pop(0))
    assert stack.json("audit", "proof", "recourse/intake/3/7")["holds"] is True
    assert [(service, one.method) for service, _, one in stack.asked][1] == ("intake", "POST")


@pytest.mark.parametrize("place", ["intake", "intake/3", "casebook/3/7", "intake/x/7", "intake/3/-1"])
def test_what_is_no_place_is_told(stack: FakeStack, place: str) -> None:
    with pytest.raises(Exception, match="is no place in a log"):
        raise stack.run("audit", "proof", place).exception or AssertionError


def test_pinned_keys_follow_a_statement(stack: FakeStack, tmp_path: Path) -> None:
    old, new = keys(stack).read("intake").current, new_key("intake")
    statement = statement_for(KeyRing(new, old), "intake", {3: 2}, now())
    assert statement is not None
    pins = tmp_path / "pins.txt"
    pins.write_text(f"# taken away in spring\n{old.verifier().vkey}\n")
    stack.answer("intake", "GET", "/evidence/proof/3/7", proved(new))
    assert stack.run("audit", "proof", "intake/3/7", "--keys", str(pins)).exit_code == 1
    stated = {"keys": [new.verifier().vkey], "statements": [statement.encode().decode()]}
    stack.answer("intake", "GET", "/evidence/keys", stated)
    assert stack.json("audit", "proof", "intake/3/7", "--keys", str(pins))["signed_by"] == [new.verifier().vkey]
    (listed,) = [one for one in stack.json("audit", "keys")["logs"] if one["log"] == "intake"]
    assert [(one["kind"], one["new"]) for one in listed["statements"]] == [("rotated", new.verifier().vkey)]


def test_a_rotation_hands_over_and_throws_the_old_key_away(stack: FakeStack) -> None:
    before = keys(stack).read("intake")
    seen: list[KeyRing] = []

    def sign(_: httpx.Request) -> httpx.Response:
        seen.append(keys(stack).read("intake"))
        return httpx.Response(200, json=[checkpoint("intake")])

    stack.answer("intake", "POST", "/evidence/checkpoints", sign)
    told = stack.json("audit", "rotate-key", "intake")
    after = keys(stack).read("intake")
    assert seen[0].previous is not None
    assert seen[0].previous.verifier() == before.current.verifier() != after.current.verifier()
    assert after.previous is None
    assert (told["old"], told["new"]) == (before.current.verifier().vkey, after.current.verifier().vkey)
    assert after.current.verifier() in keys(stack).public()
    assert before.current.verifier() in keys(stack).public(), "what it signed has to be checked later, too"


def test_a_rotation_that_was_cut_off_is_finished_and_not_begun_again(stack: FakeStack) -> None:
    stack.answer("intake", "POST", "/evidence/checkpoints", httpx.Response(503, json={"title": "Try again"}))
    assert stack.run("audit", "rotate-key", "intake").exit_code != 0
    halfway = keys(stack).read("intake")
    stack.answer("intake", "POST", "/evidence/checkpoints", [checkpoint("intake")])
    stack.json("audit", "rotate-key", "intake")
    assert keys(stack).read("intake").current.verifier() == halfway.current.verifier()


def test_a_stolen_key_is_revoked_from_an_instant_on(stack: FakeStack) -> None:
    seen: list[KeyRing] = []

    def sign(_: httpx.Request) -> httpx.Response:
        seen.append(keys(stack).read("intake"))
        return httpx.Response(200, json=[])

    stack.answer("intake", "POST", "/evidence/checkpoints", sign)
    told = stack.json("audit", "rotate-key", "intake", "--revoke-from", "2026-11-24T09:00:00Z")
    assert told["revoked_from"] == "2026-11-24T09:00:00+00:00"
    assert seen[0].revoked_from is not None
    with pytest.raises(Exception, match="is no instant"):
        raise stack.run("audit", "rotate-key", "intake", "--revoke-from", "spring").exception or AssertionError
