"""The rules of triage: pure functions of values."""
