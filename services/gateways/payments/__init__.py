"""Where money comes in: wallets and the collecting bank, each behind one protocol, with a stand-in for each."""
