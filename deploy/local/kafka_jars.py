"""Kafka's jars: resolved by coordinates into a lock file, fetched from it, checked by SHA-256."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs
import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentSpec, LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.parse import Coordinate

from deploy.local.errors import StackError
from deploy.local.locks import exclusively

SPEC = Path(__file__).with_name("jgo.toml")
LOCK = Path(__file__).with_name("jgo.lock.toml")
DOWNLOADS_AT_ONCE = 4

# Called with (jars done, jars in all, bytes fetched so far).
Progress = Callable[[int, int, int], None]


def cache_directory() -> Path:
    """What every home on this machine shares: jars and the Java start-up cache."""
    return platformdirs.user_cache_path("recourse")


def missing_jars() -> list[str]:
    """The names of locked jars that are not in the cache, or not as locked."""
    context = _context(None)
    return [d.artifactId for d in _locked() if not _is_as_locked(_artifact(context, d), d)]


def class_path(progress: Progress | None = None) -> list[Path]:
    """Every jar of the lock file, in its order, fetched if need be; StackError if one cannot be had as locked."""
    locked = _locked()
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    report = _Report(len(locked), progress)
    context = _context(report)
    pool = ThreadPoolExecutor(DOWNLOADS_AT_ONCE)
    with exclusively(cache / "jars.lock"):
        try:
            return list(pool.map(lambda dependency: _fetched(context, dependency, report), locked))
        finally:
            pool.shutdown(cancel_futures=True)  # so that Ctrl-C waits for the files under way only


def write_lock() -> int:
    """Resolve the spec anew and write the lock file; returns how many jars it names."""
    context = _context(None)
    wanted = [replace(Coordinate.parse(c), scope="compile") for c in EnvironmentSpec.load(SPEC).coordinates]
    inputs, transitive = context.resolver.resolve([context.create_dependency(c) for c in wanted])
    needed = [*inputs, *(d for d in transitive if d.scope in ("compile", "runtime"))]
    lock = LockFile.from_resolved_dependencies(needed, environment_name="recourse-kafka")
    lock.dependencies.sort(key=lambda d: (d.groupId, d.artifactId))
    lock.save(LOCK)
    return len(lock.dependencies)


class _Report:
    """Adds up what the download threads say."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total, self.progress = total, progress
        self.jars = self.bytes = 0

    def add(self, jars: int = 0, size: int = 0) -> None:
        self.jars += jars
        self.bytes += size
        if self.progress is not None:
            self.progress(self.jars, self.total, self.bytes)

    @contextmanager
    def downloading(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield lambda size: self.add(size=size)


def _context(report: _Report | None) -> MavenContext:
    # A mirror is named in jgo's own settings file, as [repositories] central = ...
    remote = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    resolver = PythonResolver(progress_callback=report.downloading if report else None)
    return MavenContext(resolver=resolver, repo_cache=cache_directory() / "maven", remote_repos=remote, timeout=60)


def _locked() -> list[LockedDependency]:
    return LockFile.load(LOCK).dependencies


def _artifact(context: MavenContext, dependency: LockedDependency) -> Artifact:
    component = context.project(dependency.groupId, dependency.artifactId).at_version(dependency.version)
    return component.artifact(dependency.classifier or "", dependency.packaging)


def _is_as_locked(artifact: Artifact, dependency: LockedDependency) -> bool:
    path = artifact.cached_path
    if path is None or not path.exists():
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == dependency.sha256


def _fetched(context: MavenContext, dependency: LockedDependency, report: _Report) -> Path:
    artifact = _artifact(context, dependency)
    path = artifact.cached_path
    assert path is not None
    if not _is_as_locked(artifact, dependency):
        path.unlink(missing_ok=True)  # cut short by a kill
        try:
            artifact.resolve()
        except (RuntimeError, requests.RequestException) as error:
            raise StackError(
                f"{artifact.filename} could not be fetched ({type(error).__name__})",
                "Check the network, or name a mirror in jgo's settings as [repositories] central = URL.",
            ) from error
        if not _is_as_locked(artifact, dependency):
            path.unlink(missing_ok=True)
            raise StackError(
                f"{artifact.filename} is not the file that {LOCK.name} names (SHA-256 differs)",
                "Try again; if it stays so, do not use that repository.",
            )
    report.add(jars=1)
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{LOCK.name}: {write_lock()} jars\n")
