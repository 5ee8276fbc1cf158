"""Celery shell, leases, sweeper and the embedded supervisor."""
