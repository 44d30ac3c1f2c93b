"""The bot's hands: what Rasa asks the hub to do in a conversation, over the action webhook."""
