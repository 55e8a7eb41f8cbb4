"""How the small model of triage is trained, evaluated and trained again; nothing here runs in a service."""
