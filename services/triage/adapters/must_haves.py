"""What replies must say by law or contract, from the packs that say so."""

from services.triage.adapters.pack_files import PackFiles
from services.triage.domain.policies.reply_check_rules import MustHavesFile

MUST_HAVES = "must_haves.yaml"


def must_haves_of(*packs: PackFiles) -> MustHavesFile:
    """Give what replies under all these packs must say; a pack without `must_haves.yaml` asks for nothing."""
    files = [pack.parsed(MUST_HAVES, MustHavesFile) for pack in packs if MUST_HAVES in pack.files]
    return MustHavesFile(
        no_admission=any(file.no_admission for file in files),
        must_haves=tuple(wanted for file in files for wanted in file.must_haves),
    )
