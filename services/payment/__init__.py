"""缴税 (plan action 5): pay what is due, from the choice of charges to the tax payment receipt.

For people who act for a taxpayer. Legal basis: 税收征收管理法第三十二条 (late fees by the day, see `services.taxes`).
The money goes to the treasury by way of a wallet, the collecting bank, or the account of the tripartite agreement; the
core system books it and issues the receipt. Every day is reconciled with the parties' statements.
"""
