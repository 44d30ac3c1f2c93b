"""The dialogue engine: what is generated, what runs inside Rasa, and how the two behave together."""
