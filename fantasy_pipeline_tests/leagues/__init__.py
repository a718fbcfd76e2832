"""Tests of `fantasy_pipeline.leagues`."""
