"""From lines to labels: features, the line model, and how it learns."""
