"""The projection model: features, learners, artefacts, projections. Knows no Dagster."""
