"""Common ground without tax words: database, clock, ids, money, crypto, errors, pagination, text."""
