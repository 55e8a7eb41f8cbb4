"""The dossier of a case: everything that is on record of it, readable and provable without Recourse."""
