"""Shim until D is done."""
