"""`hub new …`: writes a new service or a new tax as running code with its tests, or nothing at all."""
