"""The dialogue: conversations that are remembered, and the engine that understands what people say in them."""
