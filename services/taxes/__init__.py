"""税费计算: pure rules over the dated parameters of the law, one file per tax, each result with its steps.

For everyone, without log-in; results are estimates from what is entered and bind nobody until a return is filed.
Basis: the documents that every step names.
"""
