"""Tests of `fantasy_pipeline.ingest.leagues`."""
