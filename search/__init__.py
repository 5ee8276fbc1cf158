"""Searches, trials, fronts: the domain's rules, free of frameworks."""
