"""How fast the library is, always as a ratio to a peer measured in the same run.

One script per claim; ``make bench`` runs them all and writes RESULTS.md. Each checks
that both sides compute the same numbers before it says which was sooner.
"""
