"""Training: a recipe, one visible loop, checkpoints that survive a kill, and a manifest of the run."""
