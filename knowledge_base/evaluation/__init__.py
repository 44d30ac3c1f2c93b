"""How good the answers are, measured on questions that nobody tuned on."""
