"""The dialogue engine: what Rasa is built from, how it is trained and started, and the line to it."""
