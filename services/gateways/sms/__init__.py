"""Text messages: one protocol, a sandbox phone, a carrier."""
