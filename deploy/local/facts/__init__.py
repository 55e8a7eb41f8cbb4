"""A sample facts provider: what a shop's own system would answer Recourse."""
