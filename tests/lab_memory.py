# SPDX-License-Identifier: BSD-2-Clause
"""What the processes of a program use: of memory what they wrote themselves, and of the processors."""
import pathlib

# KiB over all processes: how much memory that is flat may grow, and how much each incident may take.
GROWTH_MAX, INCIDENT_MAX = 300, 8


def processes(pid):
    """The process and its children."""
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()
    return [pid, *map(int, children)]


def memory_kib(pid):
    """PSS of what the processes wrote; that of files changes with who else has them mapped."""
    total = 0
    for p in processes(pid):
        for line in pathlib.Path(f'/proc/{p}/smaps_rollup').read_text(encoding='ascii').splitlines():
            if line.startswith(('Pss_Anon:', 'Pss_Shmem:')):
                total += int(line.split()[1])
    return total


def cpu_ns(pids):
    """Time on a processor so far."""
    return sum(int(pathlib.Path(f'/proc/{p}/schedstat').read_text(encoding='ascii').split()[0]) for p in pids)
