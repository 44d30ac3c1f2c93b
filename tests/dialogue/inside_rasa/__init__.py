"""Checks that run in Rasa's own environment (no pytest there): `python -m tests.dialogue.inside_rasa.checks`."""
