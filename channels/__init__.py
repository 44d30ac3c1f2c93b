"""The doors: each channel verifies, decodes, removes duplicates and renders; it decides nothing."""
