"""The house: assembly on the top floor, common ground below."""
