"""Limits that a process puts on itself before it reads what somebody uploaded."""

import resource


def limit_process(*, memory_bytes: int, cpu_s: int, output_bytes: int) -> None:
    """Bound this process for good: its address space, processor time and the files it writes.

    What exceeds them ends here, by an error or a signal, and not in a server.
    """
    limits = (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, bound in limits:
        hard = resource.getrlimit(kind)[1]
        lowest = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (lowest, lowest))
