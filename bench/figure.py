"""A measured figure, the bar it is held against, and how the table shows it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One row: the value in `unit`, what it stands beside, the bar in words, and whether it is met (None: no bar)."""

    name: str
    value: float
    unit: str
    bar: str = ""
    met: bool | None = None
    beside: dict[str, float] = field(default_factory=dict)


def spread(values: Sequence[float]) -> str:
    """Give median and range of several rounds."""
    return f"{median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def show(figures: Iterable[Figure]) -> None:
    """Print the table."""
    table = Table(title="Recourse benchmark", title_justify="left", show_lines=True)
    table.add_column("figure", ratio=5)
    table.add_column("measured", ratio=3)
    table.add_column("beside", ratio=5)
    table.add_column("bar", ratio=4)
    table.add_column("met", width=3)
    for figure in figures:
        beside = "\n".join(f"{_short(value)} {name}" for name, value in figure.beside.items())
        met = "" if figure.met is None else "yes" if figure.met else "NO"
        table.add_row(figure.name, f"{_short(figure.value)} {figure.unit}", beside, figure.bar, met)
    Console().print(table)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(figures: Iterable[Figure], path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
