"""A network made ready for pixels: weights, engines, prediction, and the Lifter that joins them."""
