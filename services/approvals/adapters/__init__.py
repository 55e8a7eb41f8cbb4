"""Reads the authority matrix from its files."""
