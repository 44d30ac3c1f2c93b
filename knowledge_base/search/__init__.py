"""Finding the entry that answers a question: dense and lexical search, fused and calibrated."""
