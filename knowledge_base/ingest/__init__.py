"""Bringing content into the database: validated as a whole, versioned, in one transaction."""
