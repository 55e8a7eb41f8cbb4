"""The command `recourse`: one module a verb, each with `add_to(app)`."""
