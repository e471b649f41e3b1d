"""Joining: what of a record hangs on all the other pages of a build."""
