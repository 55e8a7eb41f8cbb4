"""The bytes of mails and files: sealed under the key of whose they are, and named by the hash of what is stored."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from services.intake.channels.channel import Content
from shared.contracts.values import ContentRef
from shared.eventstore.database import Transaction
from shared.eventstore.vault import Vault
from shared.kernel.errors import NotFound, RecourseError

KEEP = "INSERT INTO content SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) ON CONFLICT DO NOTHING"
READ = "SELECT data FROM content WHERE sha256 = $1"


class Erased(RecourseError):
    """The bytes were sealed under a key that is destroyed."""

    status = 410
    title = "Erased"


class Stored(NamedTuple):
    """Bytes as they are stored, and how a fact names them: by the hash of these bytes, with the size they came in."""

    ref: ContentRef
    data: bytes


async def sealed(vault: Vault | None, subject: UUID, content: Content) -> Stored:
    """Seal bytes under a subject's key. What is hashed is sealed, so that nobody can try what the bytes may have been.

    Without a vault they are stored as they came.
    """
    data = content.data if vault is None else await vault.seal_bytes(subject, content.data)
    ref = ContentRef(sha256=sha256(data).hexdigest(), size=len(content.data), media_type=content.media_type)
    return Stored(ref, data)


async def keep(tx: Transaction, contents: Sequence[Stored]) -> None:
    """Store bytes under their hash, in the transaction of the facts that name them."""
    if contents:
        by_hash = {one.ref.sha256: one for one in contents}
        types = [one.ref.media_type for one in by_hash.values()]
        await tx.raw.execute(KEEP, list(by_hash), types, [one.data for one in by_hash.values()])


async def read(tx: Transaction, vault: Vault | None, sha256: str) -> bytes:
    """Give bytes as they came, by the hash that a fact names; raises NotFound, or Erased where nobody can read them."""
    data = await tx.raw.fetchval(READ, sha256)
    if data is None:
        raise NotFound(f"there is no content {sha256}", field="sha256")
    opened = data if vault is None else await vault.open_bytes(data)
    if opened is None:
        raise Erased("its customer was erased", field="sha256")
    return bytes(opened)
