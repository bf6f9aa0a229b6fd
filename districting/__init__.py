"""Splits, merges and adjusts urban communities (社区) under published rules, with proof.

What a user of the Python API needs is here: `Case`, `Study`, `Policy` and `solve`.
"""

__version__ = "0.1.0"
