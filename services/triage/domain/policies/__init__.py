"""The rules that triage decides by: how a message is read, what policy answers, how it is said."""
