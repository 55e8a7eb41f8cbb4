"""Master keys are read from lines, and a lost one is told before anything is made anew."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.doctor import examine
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.secret_files import keep_master_key, password_in
from shared.eventstore.master_key import FileMasterKey, VaultUnusable, new_master_key
from shared.kernel.errors import MalformedInput

KEY = b"k" * 32


def verdict(home: Home) -> str:
    return next(check.verdict for check in examine(home) if check.name == "master key")


def test_the_last_line_wraps_and_every_line_unwraps() -> None:
    old, new = new_master_key("old"), new_master_key("new")
    [wrapped] = asyncio.run(FileMasterKey(old).wrap({b"i" * 16: KEY}))
    both = FileMasterKey(old + new)
    assert both.newest == "new"
    assert asyncio.run(both.unwrap([wrapped])) == [KEY]
    with pytest.raises(VaultUnusable, match="old"):
        asyncio.run(FileMasterKey(new).unwrap([wrapped]))
    with pytest.raises(VaultUnusable, match="not the one"):
        asyncio.run(FileMasterKey(new_master_key("old")).unwrap([wrapped]))


@pytest.mark.parametrize(
    ("text", "problem"), [("", "no key"), ("a b$", "not base64"), ("a YWJj", "has 3 bytes"), ("a", "has 0 bytes")]
)
def test_what_is_no_key_is_named_without_being_shown(text: str, problem: str) -> None:
    with pytest.raises(MalformedInput, match=problem) as told:
        FileMasterKey(text, "INTAKE_MASTER_KEY")
    assert told.value.field == "INTAKE_MASTER_KEY"
    assert "YWJj" not in str(told.value)


def test_a_key_is_made_once_for_its_owner_alone_and_a_lost_one_is_never_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path)
    keep_master_key(home.master_key)
    before = home.master_key.read_text()
    keep_master_key(home.master_key)
    assert home.master_key.read_text() == before
    assert home.master_key.stat().st_mode & 0o077 == 0
    password_in(home.secrets / "vault_owner")
    assert verdict(home) == "ok"
    home.master_key.unlink()
    assert verdict(home) == "failure"
    with pytest.raises(StackError, match="is gone"):
        keep_master_key(home.master_key)
