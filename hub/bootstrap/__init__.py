"""From a bare machine to a running product: environments, PostgreSQL, secrets, processes."""
