"""Everything that puts the services on a machine: the local stack, the command line, containers."""
