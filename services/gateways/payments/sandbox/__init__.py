"""The stand-ins of the wallets and the bank: their side of the wire, their books, and a cashier to pay at."""
