"""What changed between two datasets, and what must leave them."""
