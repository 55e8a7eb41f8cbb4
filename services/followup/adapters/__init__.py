"""Reads the cadence from its files."""
