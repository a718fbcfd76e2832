"""Tests of `fantasy_pipeline.decisions`."""
