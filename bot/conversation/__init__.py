"""The conversation: what was said, who owns the chat, and how a message becomes a reply."""
