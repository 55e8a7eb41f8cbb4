"""`recourse audit`: what proves that the record is whole, and the checks of it."""

from types import ModuleType

import typer

from deploy.local.cli import (
    audit_access,
    audit_checkpoint,
    audit_dossier,
    audit_keys,
    audit_proof,
    audit_verify,
    audit_witness,
)

# A new verb is a module with `add_to(group)`, named here.
VERBS: tuple[ModuleType, ...] = (
    audit_verify,
    audit_dossier,
    audit_checkpoint,
    audit_proof,
    audit_keys,
    audit_witness,
    audit_access,
)

group = typer.Typer(no_args_is_help=True, help="Prove that nothing in the record was changed, added or lost.")

for verb in VERBS:
    verb.add_to(group)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="audit")
