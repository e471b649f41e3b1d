"""From a dataset folder to a hub, a bucket or another folder, and proof that it arrived."""
