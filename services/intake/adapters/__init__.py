"""Where intake meets the world: mail servers, connectors, files, and the transaction that all doors share."""
