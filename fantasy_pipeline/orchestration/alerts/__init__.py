"""Alerts about runs and missing imports: their texts, their channels, and the outbox between them.

Which run repairs another one is decided here too; health rules belong in `operations.health`.
"""
