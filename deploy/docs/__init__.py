"""Generators of the published language's schemas and pages: `make schemas`, `make docs`."""
