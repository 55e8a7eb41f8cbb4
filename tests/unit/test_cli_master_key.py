"""A new master key comes in two steps, and the old one goes only when every service knows the new one."""

import os
import stat
from pathlib import Path

import pytest

from deploy.local.cli import privacy_keys
from deploy.local.cli.context import Context
from deploy.local.errors import UsageError
from deploy.local.home import State
from deploy.local.secret_files import write_secret
from shared.eventstore.master_key import new_master_key
from tests.support.cli_stack import FakeStack, fake_stack

ROTATE = ("privacy", "rotate-master-key")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    made = fake_stack(tmp_path, monkeypatch)
    monkeypatch.setattr(Context, "running", lambda _self: State(supervisor=os.getpid()))
    write_secret(key_file(made), new_master_key("first").encode())
    return made


def key_file(stack: FakeStack) -> Path:
    return stack.root / "secrets" / "master_key"


def names(stack: FakeStack) -> list[str]:
    return [line.split()[0] for line in key_file(stack).read_text().splitlines()]


def finishing(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    async def finish(_context: Context, keys: str) -> int:
        given.append(keys)
        return 7

    monkeypatch.setattr(privacy_keys, "_finish", finish)


def test_the_new_key_is_written_beside_the_old_one_for_the_owner_alone(stack: FakeStack) -> None:
    told = stack.json(*ROTATE)
    assert names(stack) == ["first", told["newest"]]
    assert stat.S_IMODE(key_file(stack).stat().st_mode) == 0o600


def test_a_second_new_key_is_not_made(stack: FakeStack) -> None:
    stack.json(*ROTATE)
    before = key_file(stack).read_text()
    assert isinstance(stack.run(*ROTATE).exception, UsageError)
    assert key_file(stack).read_text() == before


def test_nothing_is_wrapped_before_the_services_know_the_new_key(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    finishing(monkeypatch, given)
    assert isinstance(stack.run(*ROTATE, "--finish").exception, UsageError)
    stack.json(*ROTATE)
    refused = stack.run(*ROTATE, "--finish").exception
    assert isinstance(refused, UsageError)
    assert refused.problem.startswith("--finish: the services do not know")
    assert given == []
    assert len(names(stack)) == 2


def test_after_a_restart_all_keys_are_wrapped_and_the_old_one_is_dropped(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    finishing(monkeypatch, given)
    newest = stack.json(*ROTATE)["newest"]
    os.utime(key_file(stack), (0, 0))  # older than the supervisor, as after a restart
    assert stack.json(*ROTATE, "--finish") == {"newest": newest, "rewrapped": 7}
    assert [line.split()[0] for line in given[0].splitlines()] == ["first", newest]
    assert names(stack) == [newest]
