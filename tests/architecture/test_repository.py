"""What is committed works on any machine: no package registry's host, no path of one machine, no secret."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tree import ROOT, tracked

# Words in the hosts of package registries and their mirrors, in the order of the languages that we install from.
REGISTRY = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|yarnpkg|maven|sonatype|registry|proxy\.golang)[\w.-]*"
)
OPTION = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|^\s*(?:registry|index-url)\s*=", re.MULTILINE)
MACHINE = re.compile(r"(?<![\w.$}~/-])/(?:" + "|".join(("root", "work", "home/[a-z]+", "Users/[A-Za-z]+")) + r")/")
SECRET = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}")


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", "replace")


def found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{path}: {match[0]}" for path, text in texts() for match in pattern.finditer(text)]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert found(REGISTRY) == []


def test_no_file_says_where_to_install_from() -> None:
    assert [line for line in found(OPTION) if not line.startswith("tests/")] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found(MACHINE) == []


def test_no_file_holds_a_private_key() -> None:
    assert found(SECRET) == []


def test_every_locked_package_is_hashed_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    packages = re.findall(r"^([A-Za-z0-9][\w.\[\],-]*)==.*\\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    named = re.findall(r"^[A-Za-z0-9][\w.\[\],-]*==", lock, re.MULTILINE)
    assert len(packages) == len(named) > 0


def test_everything_that_we_ask_for_is_locked() -> None:
    asked = re.findall(r"^([A-Za-z0-9][\w.-]*)", (ROOT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    locked = set(re.findall(r"^([A-Za-z0-9][\w.-]*)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    assert {_normal(name) for name in asked} - {_normal(name) for name in locked} == set()


def test_every_lock_of_npm_pins_contents_and_no_host() -> None:
    for path in tracked():
        if path.name == "package-lock.json":
            packages = json.loads((ROOT / path).read_text("utf-8"))["packages"]
            assert [name for name, package in packages.items() if "resolved" in package] == []
            assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_the_lock_of_the_java_archives_pins_contents_and_no_host() -> None:
    lock = (ROOT / "deploy/local/jgo.lock.toml").read_text("utf-8")
    assert "://" not in lock
    assert tomllib.loads(lock)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("script", ["Makefile", "deploy/Dockerfile"])
def test_the_lock_alone_says_what_is_installed(script: str) -> None:
    """With its resolver at work pip takes an extra's newest release, which no lock can know the hash of."""
    installs = [line for line in (ROOT / script).read_text().splitlines() if "--require-hashes" in line]
    assert installs
    assert [line for line in installs if "--no-deps" not in line] == []
