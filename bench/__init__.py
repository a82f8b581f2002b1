"""Where the numbers in the README come from: each measured against the bare limit of the same machine in the same run.

`python -m bench MEASURE` runs one measure, `python -m bench all` every one; docs/performance.md says what they mean.
"""
