"""`recourse privacy rotate-master-key`: another master key wraps the vault's keys, and the old one is thrown away."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import psutil
import typer

from deploy.local.cli.context import Context, HomeOption, JsonOption, open_context
from deploy.local.databases import sqlalchemy_url
from deploy.local.errors import UsageError
from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in, write_secret
from shared.eventstore.database import Database
from shared.eventstore.master_key import FileMasterKey, new_master_key
from shared.eventstore.vault import Vault
from shared.eventstore.vault_keeping import rewrap, scrub


def rotate_master_key(
    finish: Annotated[bool, typer.Option("--finish", help="Wrap all keys anew, and drop the old master key.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a new master key, in two steps with a restart between them.

    First without --finish: the new key is written beside the old one. Restart
    the stack, so that every service knows both. Then with --finish: the vault's
    keys are wrapped anew, what is left of destroyed ones is wiped from its
    tables, and the old master key is dropped. Backups of the vault made before
    can then be opened by nobody; nothing that was sealed changes.

    JSON: {"newest": the key's name, "rewrapped": how many, null in step one}.
    """
    context = open_context(home, as_json)
    state = context.running()
    lines = [line for line in context.home.master_key.read_text().splitlines() if line.strip()]
    if not finish:
        if len(lines) > 1:
            raise UsageError("A new master key is there already.", "Restart the stack, then run this with --finish.")
        name = datetime.now(UTC).strftime("key-%Y%m%d-%H%M%S")
        write_secret(context.home.master_key, f"{lines[0]}\n{new_master_key(name)}".encode())
        told = f"The master key {name} is made. Restart the stack, then: recourse privacy rotate-master-key --finish"
        _emit(context, {"newest": name, "rewrapped": None}, told)
        return
    if len(lines) == 1:
        raise UsageError("--finish: there is no new master key", "Run it without --finish first.")
    if psutil.Process(state.supervisor).create_time() < context.home.master_key.stat().st_mtime:
        raise UsageError("--finish: the services do not know the new master key yet", "Restart the stack first.")
    done = asyncio.run(_finish(context, "\n".join(lines)))
    write_secret(context.home.master_key, f"{lines[-1]}\n".encode())
    newest = lines[-1].split()[0]
    _emit(
        context, {"newest": newest, "rewrapped": done}, f"{done} keys are wrapped with {newest}; the old key is gone."
    )


async def _finish(context: Context, keys: str) -> int:
    password = password_in(context.home.secrets / "vault_owner")
    url = sqlalchemy_url(LocalPostgres(context.home.postgres).url(), "vault_owner", password, "recourse_vault")
    master = FileMasterKey(keys)
    vault = Vault(Database(url, pool_size=1), master)
    try:
        done = await rewrap(vault, master)
        await scrub(vault)
    finally:
        await vault.database.close()
    return done


def _emit(context: Context, data: dict[str, Any], told: str) -> None:
    context.emit(data, lambda out: out.print(told, highlight=False, soft_wrap=True))
