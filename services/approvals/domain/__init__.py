"""Pure rules of approvals: who may decide on a deviation, and what counts as a decision."""
