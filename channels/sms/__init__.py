"""The door of text messages: what people write to us, and short answers."""
