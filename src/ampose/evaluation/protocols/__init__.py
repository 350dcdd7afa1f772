"""Who is measured, on what and how: one file a dataset."""
