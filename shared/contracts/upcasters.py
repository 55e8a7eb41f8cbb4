"""Lifts of older fact versions to the newest, one version up each; pure functions on the decoded body.

Register with `upcasts("owner.fact.v1", "owner.fact.v2")`. The sample of the old version stays in
`tests/contract/samples/`, and the contract tests load it through this file.
"""
