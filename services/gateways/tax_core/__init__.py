"""The bureau's core system: who a taxpayer is, what is due, returns, charges and what has been paid."""
