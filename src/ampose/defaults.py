"""What is used where nobody says anything, and more than one room must know."""

MODEL = "ampose-small"
"""The bundled weights that lift."""
