"""Training: recipes, one loop, checkpoints that survive a kill, and a manifest of each run."""
