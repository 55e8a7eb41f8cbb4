"""`python -m bench`: measure, print the table, write JSON; `--only` and `--quick` for work in between."""

import gc
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import (
    assess,
    end_to_end,
    evidence_asof,
    evidence_erasure,
    evidence_sealing,
    evidence_verify,
    evidence_whatif,
    growth,
    log,
    sealed,
    streams,
)
from bench.backends import Backends, running
from bench.figure import Figure, show, write

Measure = Callable[[Backends, bool], Iterator[Figure]]
GROUPS: dict[str, Measure] = {
    "append": lambda b, quick: chain(
        log.append_figures(b, rounds=3 if quick else 5, one=1500, each=800),
        sealed.sealed_figures(b, rounds=3 if quick else 5, one=1500, each=800),
    ),
    "read": lambda b, quick: iter([log.read_figure(b, rounds=3, events=20_000 if quick else 100_000)]),
    "relay": lambda b, quick: streams.relay_figures(b, events=20_000 if quick else 100_000),
    "projection": lambda b, quick: streams.projection_rows(b, cases=4_000 if quick else 16_000),
    "growth": lambda b, quick: growth.growth_figures(b, small=2_000, large=20_000 if quick else 200_000),
    "assess": lambda _b, quick: assess.assess_figures(rounds=3 if quick else 10),
    "evidence": lambda b, quick: evidence_sealing.sealing_figures(
        b, events=80_000 if quick else 1_000_000, proofs=500, rounds=3 if quick else 5, appends=800
    ),
    "as_of": lambda b, quick: evidence_asof.asof_figures(b, events=100_000 if quick else 1_000_000, reads=300),
    "erasure": lambda _b, quick: evidence_erasure.erasure_figures(
        customers=500 if quick else 10_000, erased=20 if quick else 100
    ),
    "verify": lambda b, quick: evidence_verify.verify_figures(b, events=100_000 if quick else 1_000_000),
    "whatif": lambda b, quick: evidence_whatif.whatif_figures(b, requests=30_000 if quick else 250_000),
    "end_to_end": lambda _b, quick: end_to_end.end_to_end_figures(seconds=15 if quick else 60),
}
NO_KAFKA = ("append", "read", "growth", "assess", "evidence", "as_of", "erasure", "whatif", "end_to_end")


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Measure these groups: {', '.join(GROUPS)}.")] = None,
    quick: Annotated[bool, typer.Option(help="Shorter rounds; the figures are rougher.")] = False,
    json: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("bench/results/latest.json"),
) -> None:
    """Measure every figure of the backbone beside its bar."""
    unknown = set(only or ()) - set(GROUPS)
    if unknown:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))} is unknown; choose of {', '.join(GROUPS)}", param_hint="--only"
        )
    gc.collect()
    gc.freeze()  # as a service does at its start
    figures: list[Figure] = []
    console = Console(stderr=True)
    for name, measure in GROUPS.items():
        if only and name not in only:
            continue
        with console.status(f"measuring {name}"), running(kafka=name not in NO_KAFKA) as backends:
            figures += measure(backends, quick)
    show(figures)
    write(figures, json)


if __name__ == "__main__":
    typer.run(main)
