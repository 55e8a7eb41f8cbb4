"""`recourse policy`: evaluate, explain, check, compare and publish policy packs."""

import typer

from deploy.local.cli import policy_audit, policy_check, policy_diff, policy_evaluate, policy_explain, policy_publish

# A new verb is a module with `add_to(group)`, named here.
VERBS = (policy_evaluate, policy_explain, policy_check, policy_diff, policy_publish, policy_audit)

group = typer.Typer(no_args_is_help=True, help="Ask policy packs, check, compare and publish them.")

for verb in VERBS:
    verb.add_to(group)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="policy")
