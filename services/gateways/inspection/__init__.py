"""The national invoice inspection platform: what it can be asked, its stand-in, and the client that reaches it."""
