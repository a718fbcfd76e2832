"""Decisions on projections: whom to start, pick up or trade.

Everything here is computed from tables, for any scoring. The command line, the HTTP interface and
the report show the results.
"""
