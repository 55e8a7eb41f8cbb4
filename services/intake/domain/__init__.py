"""The rules of intake: what a message opens, what is answered at once, and where answers go."""
