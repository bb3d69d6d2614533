#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""golden_test.py SOURCE BUILD [--update] [I/N] [CASE...]: what bridled tells about each capture in cases/ is exactly what
stands in its expect.jsonl, and does not depend on how the same traffic was captured, copied, wrapped or split.
--update writes the expectations anew; I/N takes every Nth case, from the Ith on."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]),
                str(pathlib.Path(__file__).resolve().parents[1] / 'lint')]
import captures  # noqa: E402
import eve_schema  # noqa: E402
import make  # noqa: E402
from tap import Tap  # noqa: E402

KEPT = ('event_type', 'timestamp', 'pcap_cnt', 'via', 'name', 'ip', 'rrname', 'rrtype', 'query', 'rcode', 'alpn', 'ech',
        'src_ip', 'src_port', 'dest_ip', 'dest_port', 'proto', 'app_proto', 'stream', 'opened', 'conflict',
        'via_resolver', 'vlan', 'tunnel', 'match')
TOLD = ('alert', 'observation', 'engine')
HUMAN = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  \S[^\x00-\x1f\x7f-\x9f]*')
KEPT_INSIDE = {'alert': ('severity',), 'engine': ('kind',), 'dns': ('blocked', 'blocked_by'),
               'ioc': ('value', 'type', 'match', 'via', 'observed', 'hosting', 'aged', 'age_days', 'trust'),
               'incident': ('why', 'stage', 'count', 'bytes_out', 'bytes_in')}


class Runner:
    """Runs bridled over captures in a folder of its own; every line that it prints must fit the schema."""

    def __init__(self, build, folder):
        self.bridled = build / 'daemon' / 'bridled'
        self.folder = pathlib.Path(folder)
        self.checked = set()
        self.lines = 0

    def start(self, rules, named, *arguments):
        """(what went wrong or '', lines of bytes) for {file name: bytes}."""
        for name, data in named.items():
            (self.folder / name).write_bytes(data)
        done = subprocess.run([self.bridled, '-R', rules, *arguments, '-r', *named], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        why = '' if done.returncode == 0 else f'exit {done.returncode}: {done.stderr.decode()[-500:]}'
        lines = done.stdout.split(b'\n')
        return why + ('the last line has no end' if lines.pop() else ''), lines

    def run(self, rules, named, *arguments):
        """The same, with events."""
        why, lines = self.start(rules, named, '--eve', '-', *arguments)
        events = [json.loads(line) for line in lines]
        return why + self.schema_problems(lines, events), events

    def schema_problems(self, lines, events):
        """Lines of one shape differ in values only: one of them is checked."""
        self.lines += len(lines)
        wrong = []
        for line, event in zip(lines, events):
            shape = tuple(event), *(tuple(v) for v in event.values() if isinstance(v, dict)), event.get('name')
            if shape not in self.checked and eve_schema.jsonschema is not None:
                self.checked.add(shape)
                wrong += eve_schema.line_problems(line)
        return '\n'.join(wrong[:5])


def plain(event):
    """What of an event is compared."""
    out = {key: event[key] for key in KEPT if key in event}
    for key, inside in KEPT_INSIDE.items():
        if key in event:
            out[key] = {k: event[key][k] for k in inside if k in event[key]}
    return out


def lines_of(events):
    return [json.dumps(plain(e), ensure_ascii=False) for e in events if e['event_type'] in TOLD]


def without(events, *keys):
    return [{k: v for k, v in plain(e).items() if k not in keys} for e in events
            if e['event_type'] in TOLD]


def ends(events, *more):
    """How each incident ended: (client, indicator, stage, ...)."""
    return collections.Counter((e['src_ip'], e['ioc']['value'], e['incident']['stage'],
                                *(e['incident'][k] for k in more))
                               for e in events if e['event_type'] == 'alert' and e['incident']['why'] == 'closed')


def names(events):
    return {(e['via'], e.get('name', e.get('ip')), e['src_ip'], e['dest_ip']) for e in events
            if e['event_type'] == 'observation'}


def differences(got, wanted):
    """The first lines that differ, for people."""
    out = []
    for i in range(max(len(got), len(wanted))):
        g, w = (x[i] if i < len(x) else '(none)' for x in (got, wanted))
        if g != w:
            out += [f'line {i + 1}', f'got    {g}', f'wanted {w}']
        if len(out) > 12:
            break
    return '\n'.join(out)


class Case:
    def __init__(self, folder, runner, tap):
        self.name = folder.name
        self.folder = folder
        self.run = runner.run
        self.start = runner.start
        self.tap = tap
        self.rules = folder / 'rules.ioc'
        self.frames = captures.read(folder / 'input.pcap')
        self.made = make.cases.made.get(self.name)
        self.events = []

    def ok(self, good, what, why=''):
        self.tap.ok(good, f'{self.name}: {what}', why)

    def check_expected(self, update):
        why, self.events = self.run(self.rules, {'input.pcap': (self.folder / 'input.pcap').read_bytes()},
                                    '--observe')
        got, path = lines_of(self.events), self.folder / 'expect.jsonl'
        if update and not why:
            path.write_text(''.join(line + '\n' for line in got), encoding='utf-8')
        wanted = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
        self.ok(not why and got == wanted, 'as expected', why or differences(got, wanted))

    def check_same(self, what, data, *differing):
        """The same events but for these keys."""
        why, events = self.run(self.rules, {'input.pcap': data}, '--observe')
        got, wanted = ([json.dumps(e) for e in without(x, *differing)] for x in (events, self.events))
        self.ok(not why and got == wanted, what, why or differences(got, wanted))

    def check_wraps(self):
        self.check_same('in pcapng', captures.pcapng(self.frames))
        self.check_same('in a big-endian pcap in ns', captures.pcap(self.frames, order='>', nano=True))
        self.check_same('with one more VLAN tag', captures.pcap(captures.tagged(self.frames)), 'vlan')
        self.check_same('in Linux cooked frames', captures.pcap(captures.cooked(self.frames), captures.COOKED))
        if self.made and self.made.link:
            return
        self.check_same('as raw IP', captures.pcap(captures.raw(self.frames), captures.RAW), 'vlan')
        for what, frames, linktype in captures.wrapped(self.frames, self.name):
            self.check_same(what, captures.pcap(frames, linktype), 'vlan', 'tunnel')

    def check_snaplens(self):
        cut = {f'{n}.pcap': captures.pcap(self.frames, snaplen=n) for n in captures.SNAPLENS}
        why, events = self.run(self.rules, cut, '--observe')
        strange = names(events) - names(self.events)
        self.ok(not why and not strange, 'with every snaplen no crash, and no name that was not there',
                why or '\n'.join(map(str, strange)))

    def check_twice(self):
        why, events = self.run(self.rules, {'input.pcap': captures.pcap(captures.twice(self.frames))})
        got, wanted = (ends(x, 'count', 'bytes_out', 'bytes_in') for x in (events, self.events))
        self.ok(not why and got == wanted, 'every frame twice: counted once',
                why or f'got    {got - wanted}\nwanted {wanted - got}')

    def check_split(self, swapped, tunnel=False):
        frames, variants = captures.cut_everywhere(self.frames, swapped)
        if tunnel:
            frames = captures.in_tunnel(frames, 'geneve')
        if variants == 0 or (self.made and not self.made.same_split):
            return
        why, events = self.run(self.rules, {'input.pcap': captures.pcap(frames)})
        got = collections.defaultdict(collections.Counter)
        for (client, *rest), count in ends(events).items():
            client, variant = captures.original(client)
            got[variant][(client, *rest)] += count
        wanted = ends(self.events)
        wrong = [f'variant {v}: got {dict(got[v] - wanted)} wanted {dict(wanted - got[v])}'
                 for v in range(1, variants + 1) if got[v] != wanted]
        self.ok(not why and not wrong,
                f"TCP split at {variants} places{', the second piece first' * swapped}{', in Geneve' * tunnel}",
                why or '\n'.join([f'{len(wrong)} differ', *wrong[:6]]))

    def check_human(self):
        """A line for each alert, whatever names hold; repeats at the end are in the summary only."""
        why, lines = self.start(self.rules, {'input.pcap': captures.pcap(self.frames)})
        lines = [line.decode() for line in lines]
        kinds = collections.Counter(e['incident']['why'] for e in self.events if e['event_type'] == 'alert')
        sure = kinds['new'] + kinds['raised']
        wrong = [line for line in lines if not HUMAN.fullmatch(line)]
        self.ok(not why and not wrong and sure <= len(lines) <= sure + kinds['repeat'],
                'a line of text for each alert', '\n'.join([why, f'{len(lines)} lines, {kinds}', *wrong[:5]]))

    def check_made(self):
        """The files are those that the script makes: nobody changed one of the two alone."""
        if self.made:
            self.ok((self.folder / 'input.pcap').read_bytes() == captures.pcap(self.made.frames()) and
                    self.rules.read_text(encoding='utf-8') == self.made.rules, 'made by make.py', 'run make.py')

    def check(self, update):
        self.check_made()
        self.check_expected(update)
        if update:
            return
        self.check_human()
        self.check_wraps()
        self.check_snaplens()
        self.check_twice()
        self.check_split(False)
        self.check_split(True)
        if self.name.startswith('tls-'):
            self.check_split(True, tunnel=True)


def main():
    build = pathlib.Path(sys.argv[2]).resolve()
    wanted = sys.argv[3:]
    update = '--update' in wanted
    part = next((w for w in wanted if re.fullmatch(r'\d+/\d+', w)), '1/1')
    wanted = [w for w in wanted if w not in ('--update', part)]
    first, step = map(int, part.split('/'))
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(build, folder)
        for path in sorted(p.parent for p in make.FOLDER.glob('*/input.pcap'))[first - 1::step]:
            if not wanted or path.name in wanted:
                Case(path, runner, tap).check(update)
    tap.note(f'{runner.lines} lines of events of {len(runner.checked)} shapes')
    if eve_schema.jsonschema is None:
        tap.skip('events fit the schema', 'no python3-jsonschema')
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
