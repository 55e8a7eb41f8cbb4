"""The independent checker of proofs: Go's own transparency-log packages, built once a run where there is a Go."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent.parent / "go"


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the checker; skips where there is no Go."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go on this machine, so nothing independent checks the proofs")
    program = tmp_path_factory.mktemp("go") / "verify"
    built = subprocess.run([go, "build", "-o", program, "."], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return program


def judged(program: Path, keys_file: Path, claims: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have the claims checked; gives `holds` and `why` for each."""
    stream = "".join(json.dumps(one) + "\n" for one in claims)
    done = subprocess.run([program, keys_file], input=stream, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
