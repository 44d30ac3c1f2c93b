"""Law as dated data: one YAML file per tax; see `loader`."""
