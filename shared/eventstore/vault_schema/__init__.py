"""The schema of the vault's database; intake, who keeps the vault, migrates it at start."""
