"""The Telegram door: the Bot API by webhook, in private chats and, where addressed, in groups."""
