"""Tables of figures about the model, within 80 columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.cli.showing import DIM
from services.triage.adapters.model_file import Card

if TYPE_CHECKING:
    from deploy.local.learning.evaluating import Counted, Evaluation
    from deploy.local.learning.metrics import Counts

SHORT = {"product_or_service_failure": "failure"}


def as_data(card: Card) -> Mapping[str, Any]:
    """Give the figures that a card holds."""
    figures: Mapping[str, Any] = (card.model_extra or {}).get("figures", {})
    return figures


def show_trained(out: Console, card: Card, home: Path) -> None:
    """Show what a card says of texts that the model had not seen."""
    table = _table("majority", "rules", "model", "both", "accuracy")
    for finding, sets in as_data(card).items():
        for origin, told in sets.items():
            if origin == "all" and len(sets) == 2:
                continue
            cells = [f"{told[name]:.3f}" for name in ("majority_f1", "rules_f1", "model_f1", "both_f1")]
            accuracy = f"{told['both_accuracy']:.3f} ({told['majority_accuracy']:.2f})"
            table.add_row(_short(finding), origin, str(told["held"]), str(told["texts"]), *cells, accuracy)
    out.print(table)
    out.print(Text("F1 on texts not learnt from; accuracy beside the majority's in brackets.", DIM))
    out.print(f"Model {card.version[:8]} is in {home}.", soft_wrap=True, highlight=False)


def show_crossed(out: Console, told: Mapping[str, Mapping[str, Mapping[str, "Counts"]]]) -> None:
    """Show cross-validated figures: rules, model, and both."""
    table = _table("majority", "rules", "model", "both", "accuracy")
    for finding, sets in told.items():
        for origin, by in sets.items():
            if origin == "all" and len(sets) == 2:
                continue
            one = by["both"]
            cells = [f"{by[name].f1:.3f}" for name in ("rules", "model", "both")]
            accuracy = f"{one.accuracy:.3f} ({one.majority_accuracy:.2f})"
            table.add_row(
                _short(finding), origin, str(one.held), str(one.total), f"{one.majority_f1:.3f}", *cells, accuracy
            )
    out.print(table)
    out.print(Text("F1 on texts not learnt from; accuracy beside the majority's in brackets.", DIM))


def show_figures(out: Console, result: "Evaluation") -> None:
    """Show what was read against what holds."""
    table = _table("prec.", "recall", "F1", "rules", "maj.", "acc. (maj.)")
    for finding, sets in result.read.items():
        for origin, one in sets.items():
            rules = result.rules[finding][origin]
            table.add_row(
                _short(finding),
                origin,
                str(one.held),
                str(one.total),
                f"{one.precision:.3f}",
                f"{one.recall:.3f}",
                f"{one.f1:.3f}",
                f"{rules.f1:.3f}",
                f"{one.majority_f1:.2f}",
                f"{one.accuracy:.3f} ({one.majority_accuracy:.2f})",
            )
    if table.row_count:
        out.print(table)
        out.print(Text("rules: F1 of the rules alone; maj.: always the commoner answer.", DIM))
    if result.languages:
        right, of = (sum(pair[at] for code, pair in result.languages.items() if code != "others") for at in (0, 1))
        if of:
            out.print(f"language, texts of 40 characters and more: {right} of {of} right ({right / of:.1%})")
        unsure, others = result.languages.get("others", (0, 0))
        if others:
            out.print(
                f"languages that are not supported: {unsure} of {others} said to be unknown ({unsure / others:.1%})"
            )
    if result.times[1]:
        out.print(
            f"days and times: {result.times[0]} of {result.times[1]} as given ({result.times[0] / result.times[1]:.1%})"
        )


def written(read: "Counted", rules: "Counted") -> dict[str, Any]:
    """Give figures as JSON."""
    return {
        finding: {
            origin: {
                "texts": one.total,
                "held": one.held,
                **{what: round(getattr(one, what), 3) for what in ("precision", "recall", "f1", "accuracy")},
                "rules_f1": round(rules[finding][origin].f1, 3),
                "majority_f1": round(one.majority_f1, 3),
                "majority_accuracy": round(one.majority_accuracy, 3),
            }
            for origin, one in sets.items()
        }
        for finding, sets in read.items()
    }


def _short(finding: str) -> str:
    _, _, name = finding.partition(":")
    return SHORT.get(name, name).replace("_", " ")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("finding", max_width=15)
    table.add_column("set", max_width=10)
    for name in ("held", "of", *columns):
        table.add_column(name, justify="right")
    return table
