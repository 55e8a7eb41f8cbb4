"""Intake: the doors that customers come in by and answers leave by, and the cases that their messages open."""
