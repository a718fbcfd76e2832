"""Everything that speaks Dagster: assets, checks, jobs, schedules, sensors, run history, alerts.

Football belongs in the packages below, and what people do to a deployment in `operations`.
"""
