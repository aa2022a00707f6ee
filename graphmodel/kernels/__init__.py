"""Arrays in, arrays out: the sums behind the analyses.

Kernels know neither pandas nor names. Nodes, processes and groups are positions 0 … n - 1.
"""
