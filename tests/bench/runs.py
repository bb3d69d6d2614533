# SPDX-License-Identifier: BSD-2-Clause
"""Running programs and counting their CPU time; rounds in which all that is compared takes its turn."""
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36


class Failed(RuntimeError):
    """A program did not do what was asked of it; the message is for people."""


@dataclass
class Cost:
    user_ns: int
    system_ns: int
    wall_ns: int

    @property
    def cpu_ns(self):
        return self.user_ns + self.system_ns


def adopt_orphans():
    """Whatever a program leaves running becomes a child of this one, where `run` finds it."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _all_waited_for(command):
    """The CPU time of a child is ours to know only if its parent waited for it, and so on up."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise Failed(f'{command[0]} left processes behind, whose CPU time would be missing')


def run(command, cwd=None, good=(0,)):
    """The cost of a program and of all processes that it started and waited for (wait4(2))."""
    command = [str(c) for c in command]
    with tempfile.TemporaryFile() as said:
        start = time.monotonic_ns()
        with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                              close_fds=False) as process:
            _, status, used = os.wait4(process.pid, 0)
            wall_ns = time.monotonic_ns() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            said.seek(0)
            last = said.read().decode(errors='replace').strip().splitlines()[-5:]
            raise Failed(f"{' '.join(command)}: exit {process.returncode}: " + '; '.join(last))
    _all_waited_for(command)
    return Cost(round(used.ru_utime * 1e9), round(used.ru_stime * 1e9), wall_ns)


def output(command, cwd=None):
    """What a program prints."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def progress(text):
    """For people who wait, on a terminal only."""
    if sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def rounds(contenders, count, title=''):
    """{name: [what it gave, in each round]}. All of {name: function} take turns, so that what changes with
    time, the machine's clock or its neighbours, hits all; each round begins with another, so that none always
    comes behind the same."""
    names = list(contenders)
    got = {name: [] for name in names}
    for i in range(count):
        for name in names[i % len(names):] + names[:i % len(names)]:
            progress(f'{title}: round {i + 1} of {count}: {name}')
            got[name].append(contenders[name]())
    progress('')
    return got


def spread(values):
    """The distance between the quartiles as a share of the median."""
    low, middle, high = statistics.quantiles(values, n=4, method='inclusive') if len(values) > 1 else values * 3
    return (high - low) / middle if middle else 0.0


def summary(values):
    """How figures of several rounds are told."""
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values), 'spread': spread(values)}


def median_ratio(above, below):
    """Of pairs from the same round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
