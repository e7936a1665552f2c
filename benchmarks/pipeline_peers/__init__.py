"""Contenders of ``benchmarks/pipeline.py``, each run in a process of its own."""
