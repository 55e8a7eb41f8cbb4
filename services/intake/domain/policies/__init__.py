"""Rules of answering: how it is worded, when it is due, what is acknowledged."""
