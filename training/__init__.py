"""Data sets and training loops; knows no queue and no database."""
