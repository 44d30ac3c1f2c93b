"""The sentence encoder that is on board: multilingual-e5-small out of a package's file, rebuilt for ONNX Runtime.

`weights` reads the file, `vocabulary` keeps the pieces that a Chinese service needs, `graph` writes the network down,
`build` puts all in `models/encoder/` at set-up (seconds, no torch, no download).
"""
