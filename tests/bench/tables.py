# SPDX-License-Identifier: BSD-2-Clause
"""Figures as tables: rows of words, laid out for a terminal or in Markdown."""
import re


def _ns(figures):
    return f"{figures['median']:.0f}" if figures else '–'


def _verdict(target):
    text = f"{target['ratio']:.2f} (≤ {target['at_most']:g}: {'met' if target['met'] else 'missed'}"
    if 'stretch' in target:
        text += f", ≤ {target['stretch']:g}: {'met' if target['stretch_met'] else 'missed'}"
    return text + ')'


def _against(row, floor):
    for target in row['targets']:
        if target['floor'] == floor:
            return _verdict(target)
    return f"{row['ratios'][floor]:.2f}" if floor in row['ratios'] else '–'


def _truth(row):
    truth = row['truth']
    return f"all {truth['incidents']}" if truth['holds'] else f"{truth['found']} of {truth['incidents']}: WRONG"


def mixes(result, flood):
    """CPU time in ns a packet, and bridled's as a multiple of each floor's."""
    head = ['mix', 'B a packet', 'read', 'walk', 'libpcap', 'QUIC crypto', 'bridled', '± %', '× libpcap', '× walk',
            '× crypto', 'found']
    rows = []
    for name, row in result.get('mixes', {}).items():
        if row['flood'] != flood:
            continue
        floors = [_ns(row['floors'].get(k)) for k in ('read', 'walk', 'pcap')]
        crypto = 'tries' if 'tries' in row['floors'] else 'crypto'
        rows.append([name, f"{row['bytes'] / row['packets']:.0f}", *floors, _ns(row['floors'].get(crypto)), _ns(row['bridled']),
                     f"{row['bridled']['spread'] * 50:.1f}", _against(row, 'pcap'), _against(row, 'walk'),
                     _against(row, crypto), _truth(row)])
    return head, rows


def _count(n):
    for size, letter in ((1_000_000, ' M'), (1_000, ' k')):
        if n >= size and n % size == 0:
            return f'{n // size}{letter}'
    return str(n)


def scale(result):
    head = ['mix', 'names', 'ranges', 'ns a packet', '× 5 k', 'found']
    rows = []
    for row in result.get('scale', []):
        ratio = _verdict(row) if 'at_most' in row else f"{row['ratio']:.2f}"
        rows.append([row['mix'], _count(row['names']), _count(row['ranges']), _ns(row['bridled']), ratio,
                     _truth(row)])
    return head, rows


def loads(result):
    head = ['', 'measured', 'target', '']
    row = result.get('load')
    if not row:
        return head, []
    rows = [[t['what'], f"{t['got']:.3g}", f"≤ {t['at_most']:g}", 'met' if t['met'] else 'missed']
            for t in row['targets']]
    more = [('names', _count(row['names'])), ('image, MB', f"{row['image_bytes'] / 1e6:.0f}"),
            ('CPU seconds to load text', f"{row['text_cpu_seconds']:.1f}")]
    return head, [[what, got, '', ''] for what, got in more] + rows


def peers(result):
    columns = list(dict.fromkeys(mix for p in result.get('peers', {}).values() if isinstance(p, dict) for mix in p))
    rows = []
    measured = result.get('mixes', {})
    if columns and measured:
        rows.append(['bridled'] + [_ns(measured.get(m, {}).get('bridled')) for m in columns])
        rows.append(['libpcap, empty'] + [_ns(measured.get(m, {}).get('floors', {}).get('pcap')) for m in columns])
    for name, got in result.get('peers', {}).items():
        rows.append([name] + ([_ns(got.get(m)) for m in columns] if isinstance(got, dict)
                              else [got.splitlines()[0][:60]] + ['–'] * (len(columns) - 1)))
    return ['', *columns], rows


def stages(result):
    """Instructions a packet by what they are for."""
    by_mix = result.get('stages', {})
    names = list(dict.fromkeys(s for row in by_mix.values() for s in row['instructions']))
    rows = [[mix] + [f"{row['instructions'].get(s, 0):.0f}" for s in names] +
            [f"{sum(row['instructions'].values()):.0f}"] for mix, row in by_mix.items()]
    return ['mix', *names, 'all'], rows


def _most(stages):
    """The stages that take most, in words."""
    counted = stages['instructions']
    whole = sum(counted.values())
    return ', '.join(f'{s} {n * 100 / whole:.0f} %' for s, n in sorted(counted.items(), key=lambda i: -i[1])[:3])


def missed(result):
    """Targets that were not reached, and where the instructions go."""
    rows = []
    for name, row in result.get('mixes', {}).items():
        stages = result.get('stages', {}).get(name)
        for t in row['targets']:
            if not t['met']:
                rows.append([f"{name} × {t['floor']}", f"{t['ratio']:.2f}", f"{t['at_most']:g}",
                             _most(stages) if stages else ''])
    for row in result.get('scale', []):
        if not row.get('met', True):
            rows.append([f"{row['mix']}, {_count(row['names'])} names, {_count(row['ranges'])} ranges",
                         f"{row['ratio']:.2f}", f"{row['at_most']:g}", ''])
    for t in result.get('load', {}).get('targets', []):
        if not t['met']:
            rows.append([t['what'], f"{t['got']:.3g}", f"{t['at_most']:g}", ''])
    measured = any(result.get(section) for section in ('mixes', 'scale', 'load'))
    return ['missed', 'measured', 'target', 'most instructions'], rows or [['none', '', '', '']] * measured


def compared(result, released):
    """Multiples of a floor now, against those of a release: below 1 is faster."""
    head = ['mix', 'floor', 'released', 'now', 'now / released']
    rows = []
    for name, row in result.get('mixes', {}).items():
        old = released.get('mixes', {}).get(name, {}).get('ratios', {})
        for floor in ('pcap', 'crypto'):
            if floor in old and floor in row['ratios']:
                now = row['ratios'][floor]
                rows.append([name, floor, f'{old[floor]:.2f}', f'{now:.2f}', f'{now / old[floor]:.2f}'])
    old = {(r['mix'], r['names'], r['ranges']): r['ratio'] for r in released.get('scale', [])}
    for row in result.get('scale', []):
        key = row['mix'], row['names'], row['ranges']
        if key in old:
            rows.append([row['mix'], f"{_count(key[1])} + {_count(key[2])}", f'{old[key]:.2f}', f"{row['ratio']:.2f}",
                         f"{row['ratio'] / old[key]:.2f}"])
    return head, rows


SECTIONS = [  # marker in the README, title on a terminal, table
    ('mixes', 'CPU time, ns a packet (floors, bridled), and multiples of floors', lambda r: mixes(r, False)),
    ('floods', 'Floods, likewise', lambda r: mixes(r, True)),
    ('scale', 'Many indicators', scale),
    ('load', 'Loading many names', loads),
    ('peers', 'Other programs, ns a packet', peers),
    ('stages', 'Instructions a packet', stages),
    ('missed', 'Missed targets', missed)]


def plain(head, rows):
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = ['  '.join(w.ljust(n) if i == 0 else w.rjust(n) for i, (w, n) in enumerate(zip(row, widths))).rstrip()
             for row in [head, *rows]]
    return '\n'.join(lines)


def markdown(head, rows):
    lines = [head, ['---'] + ['--:'] * (len(head) - 1), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def rounds(result):
    """Of figures that were put together, there may be several numbers."""
    counts = sorted({row.get('rounds', result['rounds']) for row in result.get('mixes', {}).values()})
    return ' or '.join(map(str, counts or [result['rounds']]))


def machine(result):
    m = result['machine']
    return f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}; bridled {result['bridled']}, {result['build']}; " \
           f"{rounds(result)} rounds"


def show(result):
    """All sections that were measured, for a terminal."""
    parts = [machine(result)]
    for _, title, table in SECTIONS:
        head, rows = table(result)
        if rows:
            parts.append(f'{title}\n\n{plain(head, rows)}')
    return '\n\n'.join(parts)


def into_readme(text, result):
    """The text with what stands between the markers of each measured section replaced."""
    blocks = {'machine': machine(result) + '.'}
    for name, _, table in SECTIONS:
        head, rows = table(result)
        if rows:
            blocks[name] = markdown(head, rows)
    for name, block in blocks.items():
        pattern = re.compile(rf'(<!-- {name} -->\n).*?(<!-- /{name} -->)', re.DOTALL)
        text = pattern.sub(lambda m, block=block: m[1] + block + '\n' + m[2], text)
    return text
