"""The authority matrix as data, and the rules that read it."""
