"""Pure building blocks of every rule: the decider, expected errors, working time."""
