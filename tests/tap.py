# SPDX-License-Identifier: BSD-2-Clause
"""Writing TAP, the protocol that meson reads test results in."""
import sys


class Tap:
    """One line a check; `done` prints the plan and gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, name, why=''):
        """A check, and on failure why it failed: lines of text."""
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name.replace('#', '')}", flush=True)
        if not good:
            for line in str(why).splitlines():
                print(f'#   {line}', flush=True)
        return bool(good)

    def same(self, got, wanted, name):
        return self.ok(got == wanted, name, f'got    {got!r}\nwanted {wanted!r}')

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name.replace('#', '')} # SKIP {' '.join(str(why).split())}", flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print(f'# {line}', flush=True)

    def done(self):
        print(f'1..{self.count}', flush=True)
        return 1 if self.failed or not self.count else 0


def skip_all(why):
    """Ends the test program: nothing of it can run here."""
    print(f'1..0 # SKIP {why}')
    sys.exit(0)
