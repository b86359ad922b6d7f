"""Measures Wicketgate beside the servers that do the same job, on one machine, in one interleaved run."""
