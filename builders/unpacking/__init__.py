"""Unpack: sources (files, folders, globs, addresses) → seeds → documents, whatever box they lie in."""
