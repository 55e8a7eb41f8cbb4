"""`recourse reply check`: what is wrong with a draft, before a customer reads it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from deploy.local.cli.api import read_case
from deploy.local.cli.context import Context, HomeOption, JsonOption, checked, open_context
from deploy.local.cli.policy_requests import pack_home
from deploy.local.cli.showing import DIM, one_line, words
from deploy.local.environment import ROOT
from deploy.local.errors import UsageError
from services.triage.adapters.must_haves import must_haves_of
from services.triage.adapters.pack_files import read_pack_files
from services.triage.adapters.reply_check_files import load_checker
from services.triage.domain.policies.pack import PackFile
from services.triage.domain.policies.reply_check import Context as Known

EXCERPT = 70
LONGEST = 100_000
COLOURS = {"error": "red", "warning": "yellow"}


def check(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The draft; - reads standard input.")],
    case: Annotated[
        str | None, typer.Option(metavar="CASE", help="Check against what was refused and granted in this case.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="email, chat, phone, web or review.")] = None,
    language: Annotated[str | None, typer.Option(help="The customer's, as ISO 639-1.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR|NAME", help="A pack whose must-haves count; may be given again. Default: shop."),
    ] = None,
    purpose: Annotated[str, typer.Option(help="Such as final_response; it chooses what must be said.")] = "reply",
    user: Annotated[str, typer.Option("--as", metavar="USER", help="Who asks, with a case.")] = "ana",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a draft: what a good refusal says, promises, blame, must-haves.

    Without --case it needs no running stack, and promises are only warned of.
    Exit code 1 when there is an error, else 0.
    JSON: {"errors", "warnings", "form", "language", "findings": [{"rule",
    "severity", "start", "end", "problem", "better"}]}.
    """
    context, text = open_context(home, as_json), _read(file)
    if case is None:
        found = _offline(text, policy or ["shop"], channel or "email", language, purpose)
    else:
        found = _in_case(context, user, case, text, channel, language, purpose, policy or [])
    context.emit(found, lambda out: _show(out, text, found))
    if found["errors"]:
        raise typer.Exit(1)


def _read(file: str) -> str:
    if file == "-":
        text = sys.stdin.read()
    else:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"FILE: {file} cannot be read: {error.strerror}", "Name a text file, or -.") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"FILE: {file} is no text in UTF-8", "Save the draft as UTF-8.") from error
    if not 0 < len(text.strip()) <= LONGEST:
        raise UsageError(f"FILE: {len(text)} characters", f"Give a draft of 1 to {LONGEST} characters.")
    return text.strip()


def _offline(text: str, policies: list[str], channel: str, language: str | None, purpose: str) -> dict[str, Any]:
    packs = [read_pack_files(pack_home(policy)) for policy in policies]
    form = packs[0].parsed("pack.yaml", PackFile).forms.get(channel, "letter")
    known = Known(form=form, language=language, purpose=purpose, must_haves=must_haves_of(*packs))
    findings = load_checker(ROOT / "policies").check(text, known)
    errors = sum(found.severity == "error" for found in findings)
    return {
        "errors": errors,
        "warnings": len(findings) - errors,
        "form": known.form,
        "language": language,
        "findings": [
            {name: getattr(found, name) for name in ("rule", "severity", "start", "end", "problem", "better")}
            for found in findings
        ],
    }


def _in_case(
    context: Context,
    user: str,
    name: str,
    text: str,
    channel: str | None,
    language: str | None,
    purpose: str,
    policies: list[str],
) -> dict[str, Any]:
    """Decisions back promises too; triage does not know them, so they are told to it."""
    case = read_case(context, user, name)
    decided = [one for one in case["approvals"] if one["state"] in ("approved", "countered")]
    body = {
        "text": text,
        "channel": channel or case["channel"],
        "case_id": case["case_id"],
        "purpose": purpose,
        "policies": policies,
        "backings": [_backing(one) for one in decided],
        **({"language": language} if language else {}),
        **({"names": [case["customer_name"]]} if case.get("customer_name") else {}),
    }
    with context.client("triage", user) as triage:
        answer: dict[str, Any] = checked(triage.post("/replies/check", json=body))
        return answer


def _backing(decided: dict[str, Any]) -> dict[str, Any]:
    amount = {"amount": decided["amount"]} if decided.get("amount") else {}
    return {"reference": decided["exception_id"], "what": decided.get("offer") or decided["deviation"], **amount}


def _show(out: Console, text: str, found: dict[str, Any]) -> None:
    for one in found["findings"]:
        said = one_line(text[one["start"] : one["end"]])
        said = said if len(said) <= EXCERPT else f"{said[: EXCERPT - 1]}…"
        place = f" at {one['start']}" if one["start"] else ""
        severity = (one["severity"], COLOURS[one["severity"]])
        out.print(Text.assemble(severity, f" {words(one['rule'])}{place}: {one['problem']}"), soft_wrap=True)
        out.print(Text(f"  said:   {said}", DIM), soft_wrap=True)
        out.print(Text(f"  better: {one_line(one['better'])}"), soft_wrap=True)
    out.print(f"{found['errors']} errors, {found['warnings']} warnings ({found['form']}).")


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(check)
