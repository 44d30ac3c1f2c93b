"""The test bench: a developer plays a user of a channel from a terminal, over its real wire format."""
