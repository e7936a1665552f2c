"""Blocks of this package, found by name through entry points."""
