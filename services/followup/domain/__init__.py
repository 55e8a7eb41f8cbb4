"""Pure rules of followup: promises and their backing, check-ins, and when a case is settled."""
