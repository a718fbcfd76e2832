"""The projection model: features, learners, stored models, weights of sources, and predictions.

This package works on `player_history` rows and numpy arrays. It knows no Dagster; the rows of the
tables of projections are made in `projections.model_projections` and `consensus_projections`.
"""
