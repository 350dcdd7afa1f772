"""Pickles of research data, read without running what is in them."""
