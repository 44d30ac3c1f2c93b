"""What we do for taxpayers: one folder per function of the plan, with the same file names in each."""
