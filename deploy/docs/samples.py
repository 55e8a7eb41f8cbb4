"""One body, and more where useful, of every wire type ever released, exactly as it went over the wire."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parents[2] / "tests" / "contract" / "samples"


class Sample(NamedTuple):
    """A body as released. The file is named `<wire type>.json`, or `<wire type>.<what it shows>.json`."""

    name: str
    wire_type: str
    body: bytes


def released(folder: Path = SAMPLES) -> list[Sample]:
    """Give every sample, by name; the newline at a file's end does not belong to the body."""
    return [
        Sample(path.stem, ".".join(path.stem.split(".")[:3]), path.read_bytes().removesuffix(b"\n"))
        for path in sorted(folder.glob("*.json"))
    ]


def example_of(wire_type: str, samples: Sequence[Sample]) -> Sample:
    """Give the first sample of a type; raises LookupError naming the file that is missing."""
    for sample in samples:
        if sample.wire_type == wire_type:
            return sample
    raise LookupError(f"{SAMPLES / wire_type}.json is missing: one body of the type, as it goes over the wire")
