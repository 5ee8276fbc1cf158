"""What a worker does when rung; each task may run twice, late, or on two workers at once."""
