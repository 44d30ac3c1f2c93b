"""People: staff and their tokens; who may call what."""
