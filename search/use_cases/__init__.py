"""Everything that changes a search or a trial.

Each function takes an entered ``UnitOfWork`` and the time, changes rows, appends the events that
tell of it and never commits: the caller's transaction holds all of it or nothing. Locks are taken
in one order, search before trial, so that two of them never wait for each other.
"""
