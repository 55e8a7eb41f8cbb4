"""`recourse triage`: train, evaluate and retrain the small model that reads messages beside the rules."""

import typer

from deploy.local.cli import triage_evaluate, triage_retrain, triage_train

# A new verb is a module with `add_to(group)`, named here.
VERBS = (triage_train, triage_evaluate, triage_retrain)

group = typer.Typer(no_args_is_help=True, help="Train, evaluate and retrain the model that reads messages.")

for verb in VERBS:
    verb.add_to(group)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="triage")
