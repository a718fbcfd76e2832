"""Operations on a deployment: run a week, backfill, trigger a run, show status and health.

The command line and the web interface call this package; definitions of jobs, schedules and sensors
belong in `orchestration`.
"""
