"""The local form and the container form are the same system, told to the services in the same words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import compose_env
from deploy.local.databases import ServiceDatabase, VaultDatabase
from deploy.local.environment import ROOT, Surroundings
from deploy.local.identity import SERVICES, Identity
from deploy.local.stack import PORTS
from deploy.topics import declared_topics
from shared.messaging.topics import TOPICS
from tests.support.backends import KAFKA_IMAGE, POSTGRES_IMAGE

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


def local_environment(service: str) -> dict[str, str]:
    databases = {name: ServiceDatabase(name, "url", "owner url") for name in SERVICES}
    vault = VaultDatabase("vault", "owner url", dict.fromkeys(SERVICES, "url"))
    ports = dict.fromkeys(PORTS, 1)
    around = Surroundings(
        ports, "kafka", databases, Identity(Path("identity")), Path("policies"), vault, Path("key"), "otlp"
    )
    return around.of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_gets_the_settings_that_the_local_stack_gives(service: str) -> None:
    local = set(local_environment(service)) - {f"{service.upper()}_{service.upper()}_URL"}
    assert set(COMPOSE["services"][service]["environment"]) == local
    assert COMPOSE["services"][service]["command"] == ["python", "-m", f"services.{service}.main"]


def test_tests_and_compose_use_the_same_images() -> None:
    assert COMPOSE["services"]["postgres"]["image"] == POSTGRES_IMAGE
    assert COMPOSE["services"]["kafka"]["image"] == KAFKA_IMAGE


def test_the_declared_topics_are_those_the_services_publish_to() -> None:
    declared = declared_topics()
    assert [topic.name for topic in declared] == list(TOPICS.values())
    assert all((topic.partitions, topic.config["retention.ms"]) == (8, "-1") for topic in declared)


def test_every_password_of_compose_is_made_up_and_none_is_in_the_file() -> None:
    given: dict[str, Any] = COMPOSE["services"]["postgres"]["environment"]
    passwords = {name: value for name, value in given.items() if name.endswith("PASSWORD")}
    assert set(passwords) == set(compose_env.variables())
    assert all(value.startswith("${" + name + ":?") for name, value in passwords.items())


def test_making_up_passwords_again_changes_nothing(tmp_path: Path) -> None:
    compose_env.prepare(tmp_path / ".env", tmp_path / "home")
    before = compose_env.kept(tmp_path / ".env"), (tmp_path / "home/identity/public.pem").read_bytes()
    compose_env.prepare(tmp_path / ".env", tmp_path / "home")
    assert (compose_env.kept(tmp_path / ".env"), (tmp_path / "home/identity/public.pem").read_bytes()) == before
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("lock", ["requirements.lock", "deploy/image.lock"])
def test_a_lock_has_a_hash_for_everything_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in text
    assert "--index-url" not in text


def test_the_java_lock_has_a_hash_for_everything_and_names_no_host() -> None:
    text = (ROOT / "deploy" / "local" / "jgo.lock.toml").read_text()
    assert text.count("[[dependencies]]") == text.count("sha256 = ") > 0
    assert "://" not in text
