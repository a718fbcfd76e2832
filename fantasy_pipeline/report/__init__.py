"""This package builds the weekly report: its contents, its charts, and its HTML and Markdown files.

The Dagster asset (`orchestration/assets/report.py`), the command (`cli/report.py`) and the
projection of players (`projections`) do not belong here: the report only shows stored tables.
"""
