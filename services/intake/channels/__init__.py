"""How customers reach us: one file a channel."""
