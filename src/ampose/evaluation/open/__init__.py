"""Systems side by side on freely usable motion capture."""
