"""申报: what is due, prefilled returns, a sheet to confirm, filing with a signed receipt, corrections and batches.

For taxpayers and those who act for them. Legal basis: 税收征收管理法第二十五条 and 实施细则第三十二条 (a return is due
even where nothing is to be paid). Every amount is worked out by `services.taxes`; the core system books it.
"""
