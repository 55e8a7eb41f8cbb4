"""The five services: four that decide (intake, triage, approvals, followup) and one that reads (casebook)."""
