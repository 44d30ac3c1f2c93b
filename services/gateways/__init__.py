"""Outside systems, each a protocol with two implementations: a sandbox that keeps state, and the real client."""
