"""Contenders of ``benchmarks/sentinel.py``, each run in a process of its own."""
