"""From seed files to pages and their lines, every byte accounted for."""
