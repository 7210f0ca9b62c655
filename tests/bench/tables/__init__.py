"""The tables that tests/bench/measure.py prints, one module each."""
