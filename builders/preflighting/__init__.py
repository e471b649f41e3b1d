"""What would fail or look bad once published, found before it is."""
