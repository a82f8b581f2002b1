"""Faults brought about on purpose, and whether anything was lost, doubled or half written afterwards.

`python -m bench.faults CAMPAIGN…` runs the long forms and prints their figures; `--short` takes seconds, as
tests/campaigns does with the same code. docs/reliability.md says what is promised and holds the figures.
"""
