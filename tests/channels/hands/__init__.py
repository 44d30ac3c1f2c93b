"""Hands that play a person and the party of each channel over its real wire format; the contract test uses them all."""
