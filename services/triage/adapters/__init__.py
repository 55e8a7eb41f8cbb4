"""Where triage touches the world: policy files, the rules engine, the language detector."""
