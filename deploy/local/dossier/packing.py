"""Writes a dossier: the same case gathered at the same moment gives the same files, whose hashes the manifest lists."""

import json
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from deploy.local.dossier import layout
from deploy.local.dossier.gathering import Gathered
from deploy.local.dossier.layout import Listed, Manifest
from deploy.local.dossier.rendering import as_page, as_print, describe

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say; the manifest says when it was made
OWNER_ONLY = 0o600 << 16
UNSAFE = re.compile(r"[^\w.-]+")
TEMPLATE = Path(__file__).with_name("templates") / "how-to-verify.txt"


def pack(found: Gathered, out: Path) -> Manifest:
    """Write the dossier; only the owner of the file may read it. Gives its manifest.

    It is written beside and put in place when it is whole.
    """
    files = contents(found)
    manifest = Manifest(
        format=layout.FORMAT,
        case_id=found.case["case_id"],
        tracking_code=found.case["tracking_code"],
        made_at=found.made_at,
        made_by=found.made_by,
        as_of=found.as_of,
        events=sum(len(signed.proved) for signed in found.logs.values()),
        files=tuple(
            Listed(path=path, sha256=sha256(data).hexdigest(), size=len(data)) for path, data in sorted(files.items())
        ),
    )
    beside = out.with_name(f".{out.name}.part")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as raw, ZipFile(raw, "w", ZIP_DEFLATED) as packed:
        for path, data in ((layout.MANIFEST, _json(manifest.model_dump(mode="json"))), *sorted(files.items())):
            entry = ZipInfo(path, EPOCH)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, OWNER_ONLY
            packed.writestr(entry, data)
    beside.replace(out)
    return manifest


def contents(found: Gathered) -> dict[str, bytes]:
    """Give every file of the dossier but the manifest, by its path."""
    told = describe(found)
    proved = [one for signed in found.logs.values() for one in signed.proved]
    files = {
        layout.EVENTS: b"".join(one.model_dump_json().encode() + b"\n" for one in proved),
        layout.KEYS: "".join(f"{key}\n" for signed in found.logs.values() for key in signed.keys).encode(),
        layout.CASE: _json({**told, "opened": found.opened}),
        layout.PAGE: as_page(told).encode(),
        layout.PRINTED: as_print(told),
        layout.HOW_TO: TEMPLATE.read_bytes(),
    }
    for name, signed in found.logs.items():
        files[layout.checkpoint_path(name, signed.proved[0].log_part)] = signed.checkpoint.encode()
        for number, statement in enumerate(signed.statements, 1):
            files[f"{layout.STATEMENTS}{name}-{number}.txt"] = statement.encode()
    files |= {f"{layout.POLICIES}{path}": text.encode() for path, text in found.policies.items()}
    for file in found.files:
        safe = UNSAFE.sub("_", file.name).strip("._")[-80:] or "file"
        files[f"{layout.FILES}{file.content_id[:16]}-{safe}"] = file.data
    return files


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
