"""税费试算: a calculation that somebody asked for, kept with its steps so that every amount can be explained later.

For everyone, without log-in; what is entered is kept encrypted and erased with the conversations.
"""
