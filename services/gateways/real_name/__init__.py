"""The real-name check: does this name belong to this resident ID and this phone."""
