"""What a dataset says of itself: card, plots, Croissant, licences and rights."""
