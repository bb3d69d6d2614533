# SPDX-License-Identifier: BSD-2-Clause
"""Plots as SVG, written by hand: ns a packet by stage, and cost against the number of indicators."""
import math

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 46, 56
# Told apart by people who see few colours, too (Okabe and Ito), on white as on black.
COLOURS = {'kernel': '#999999', 'capture': '#56b4e9', 'decode': '#0072b2', 'flows': '#009e73', 'parse': '#e69f00',
           'match': '#d55e00', 'report': '#cc79a7', 'other': '#666666'}
LINES = ('#0072b2', '#d55e00', '#009e73')


class Svg:
    def __init__(self, title):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                      'font-family="sans-serif" font-size="12">',
                      f'<title>{title}</title>', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
        self.text(LEFT, 24, title, size=15)

    def text(self, x, y, text, anchor='start', size=12, turn=None):
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn is not None else ''
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'fill="#222"{turned}>{text}</text>')

    def line(self, x1, y1, x2, y2, colour='#ccc', width=1, dash=''):
        dashed = f' stroke-dasharray="{dash}"' if dash else ''
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"{dashed}/>')

    def box(self, x, y, width, height, colour, title=''):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'fill="{colour}"><title>{title}</title></rect>')

    def path(self, points, colour):
        where = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
        self.parts.append(f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="2"/>')
        self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]

    def done(self):
        return '\n'.join([*self.parts, '</svg>']) + '\n'


def _step(most):
    """A round distance between grid lines: some five of them."""
    rough = most / 5
    size = 10 ** math.floor(math.log10(rough))
    return next(m * size for m in (1, 2, 5, 10) if m * size >= rough)


def _grid(svg, most, label):
    """Horizontal lines from 0 up to `most`; gives the function from value to y."""
    bottom, step = HEIGHT - BOTTOM, _step(most)
    top = step * math.ceil(most / step)

    def y(value):
        return bottom - value / top * (bottom - TOP)

    for i in range(round(top / step) + 1):
        svg.line(LEFT, y(i * step), WIDTH - RIGHT, y(i * step))
        svg.text(LEFT - 8, y(i * step) + 4, f'{i * step:g}', 'end')
    svg.text(18, (TOP + bottom) / 2, label, 'middle', turn=-90)
    return y


def parts_of(row, stages):
    """{stage: ns a packet}: the kernel's share of CPU time is measured, the rest is divided by instructions."""
    system, total = row['bridled']['system'], row['bridled']['median']
    counted = {s: max(n, 0) for s, n in stages['instructions'].items()}
    all_counted = sum(counted.values())
    return {'kernel': system} | {s: (total - system) * n / all_counted for s, n in counted.items()}


def by_stage(result):
    """Stacked bars; beside each a thin line where the empty loop of libpcap stands. None: nothing measured."""
    bars = {mix: parts_of(result['mixes'][mix], stages) for mix, stages in result.get('stages', {}).items()
            if mix in result.get('mixes', {})}
    if not bars:
        return None
    svg = Svg('CPU time of a packet by stage')
    floors = {mix: result['mixes'][mix]['floors']['pcap']['median'] for mix in bars}
    y = _grid(svg, max(*(sum(b.values()) for b in bars.values()), *floors.values()), 'ns a packet')
    room = (WIDTH - RIGHT - LEFT) / len(bars)
    for i, (mix, parts) in enumerate(bars.items()):
        x, below = LEFT + room * (i + 0.2), 0.0
        for stage, ns in parts.items():
            svg.box(x, y(below + ns), room * 0.6, y(below) - y(below + ns), COLOURS[stage],
                    f'{mix}, {stage}: {ns:.0f} ns')
            below += ns
        svg.line(x - room * 0.1, y(floors[mix]), x + room * 0.7, y(floors[mix]), '#000', 2, '5 3')
        svg.text(x + room * 0.3, HEIGHT - BOTTOM + 18, mix, 'middle')
        svg.text(x + room * 0.3, y(max(below, floors[mix])) - 5, f'{below:.0f}', 'middle', 11)
    used = [s for s in COLOURS if any(s in b for b in bars.values())]
    for i, stage in enumerate(reversed(used)):
        svg.box(WIDTH - RIGHT + 16, TOP + i * 20, 12, 12, COLOURS[stage])
        svg.text(WIDTH - RIGHT + 34, TOP + i * 20 + 10, stage)
    at = TOP + len(used) * 20 + 8
    svg.line(WIDTH - RIGHT + 12, at, WIDTH - RIGHT + 32, at, '#000', 2, '5 3')
    svg.text(WIDTH - RIGHT + 38, at + 4, 'empty libpcap loop')
    return svg.done()


def by_indicators(result):
    """Lines over a logarithmic axis. None: nothing measured."""
    rows = [r for r in result.get('scale', []) if r['ranges'] == 0]
    lines = {mix: sorted((r['names'], r['bridled']['median']) for r in rows if r['mix'] == mix)
             for mix in dict.fromkeys(r['mix'] for r in rows)}
    if not any(len(points) > 1 for points in lines.values()):
        return None
    svg = Svg('Cost of a packet against the number of names that are looked for')
    y = _grid(svg, max(ns for points in lines.values() for _, ns in points), 'ns a packet')
    counts = sorted({n for points in lines.values() for n, _ in points})
    low, high = math.log10(counts[0]), math.log10(counts[-1])

    def x(count):
        return LEFT + 24 + (math.log10(count) - low) / (high - low) * (WIDTH - RIGHT - LEFT - 48)

    for n in counts:
        svg.line(x(n), HEIGHT - BOTTOM, x(n), HEIGHT - BOTTOM + 5, '#222')
        svg.text(x(n), HEIGHT - BOTTOM + 20, f'{n // 1_000_000} M' if n >= 1_000_000 else f'{n // 1000} k', 'middle')
    svg.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, 'names', 'middle')
    for (mix, points), colour in zip(lines.items(), LINES):
        svg.path([(x(n), y(ns)) for n, ns in points], colour)
        svg.text(WIDTH - RIGHT + 4, y(points[-1][1]) + 4, f'{mix}: {points[-1][1]:.0f} ns')
    return svg.done()


PLOTS = {'stages.svg': by_stage, 'indicators.svg': by_indicators}


def write(result, folder):
    """Those that can be drawn from what was measured."""
    for name, draw in PLOTS.items():
        text = draw(result)
        if text is not None:
            (folder / name).write_text(text, encoding='utf-8')
