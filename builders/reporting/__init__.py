"""Reporting: a dataset as one web page that needs nothing else, made to be looked at."""
