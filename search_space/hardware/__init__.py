"""Hardware profiles: which widths a device computes, what fits it, how long and how much it takes.

``docs/hardware-profiles.md`` says how a profile is written.
"""
