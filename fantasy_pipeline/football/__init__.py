"""Football in plain Python: season-weeks, the calendar, teams, scoring and the tables' contracts.

Downloads, the lake, models and Dagster do not belong here.
"""
