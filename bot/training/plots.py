"""Plots as inline SVG, purely: no script, no font, no library, so that a report is one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 460, 260, 52, 40, 28
COLOURS = ("#2f6f9f", "#c2603a", "#4d8b4a", "#7a5a9e", "#8a7a2f", "#555")
Points = Sequence[tuple[float, float]]
Scale = Callable[[float], float]
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem}
body{color:#222}
h1{font-size:1.4rem}.verdict{font-size:1.05rem;
padding:.7rem 1rem;border-left:4px solid #2f6f9f;background:#f3f6f9}
.failed{border-color:#b3312f}table{border-collapse:collapse}
td,th{padding:.2rem .9rem .2rem 0;text-align:right}
td:first-child,th:first-child{text-align:left}td[colspan]{text-align:center}tr+tr{border-top:1px solid #ddd}
svg{width:460px;max-width:100%;font:12px system-ui,sans-serif;fill:#2f6f9f}svg text{fill:#333}
.axis{stroke:#888;fill:none}.even{stroke:#bbb;stroke-dasharray:4 3}pre{white-space:pre-wrap;font:inherit}
@media(prefers-color-scheme:dark){body{background:#16181b;color:#ddd}.verdict{background:#20242a}
svg text{fill:#ccc}tr+tr{border-color:#333}svg{fill:#6fb0e0}}"""


def page(title: str, body: Sequence[str]) -> str:
    """A page that needs nothing else, no script either."""
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
    look = f'<meta name=viewport content="width=device-width"><style>{_STYLE}</style>'
    return "\n".join([head, look, *body, "</html>"])


def scatter(title: str, points: Points, across: str, up: str) -> str:
    """One dot a point, with the diagonal on which both would agree."""
    low = min(min(p) for p in points)
    high = max(max(p) for p in points)
    x, y = _scales((low, high), (low, high))
    line = f'<line x1="{x(low):.1f}" y1="{y(low):.1f}" x2="{x(high):.1f}" y2="{y(high):.1f}" class="even"/>'
    dots = "".join(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="2.2" fill-opacity=".45"/>' for a, b in points)
    return _framed(title, line + dots, across, up, (low, high), (low, high))


def lines(title: str, curves: Mapping[str, Points], across: str, up: str) -> str:
    """One line a curve, each with its name at the right of the plot."""
    every = [p for curve in curves.values() for p in curve]
    wide, high = _range([p[0] for p in every]), _range([p[1] for p in every])
    x, y = _scales(wide, high)
    made = ""
    for n, (name, curve) in enumerate(curves.items()):
        colour, path = COLOURS[n % len(COLOURS)], " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in curve)
        made += f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        label = f'<text x="{WIDTH - 8}" y="{TOP + 14 + 15 * n}" text-anchor="end" style="fill:{colour}">'
        made += f"{label}{escape(name)}</text>"
    return _framed(title, made, across, up, wide, high)


def histogram(title: str, values: Sequence[float], across: str, bins: int = 20) -> str:
    """How many of the values lie in each of `bins` equal stretches."""
    low, high = _range(values)
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / (high - low) * bins))] += 1
    x, y = _scales((low, high), (0, max(counts)))
    step = (x(high) - x(low)) / bins
    made = "".join(
        f'<rect x="{x(low) + n * step:.1f}" y="{y(count):.1f}" width="{step - 1:.1f}"'
        f' height="{y(0) - y(count):.1f}"/>'
        for n, count in enumerate(counts)
    )
    return _framed(title, made, across, "how many", (low, high), (0, max(counts)))


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1)


def _scales(wide: tuple[float, float], high: tuple[float, float]) -> tuple[Scale, Scale]:
    across, up = (wide[1] - wide[0]) or 1, (high[1] - high[0]) or 1
    return (
        lambda v: LEFT + (v - wide[0]) / across * (WIDTH - LEFT - 12),
        lambda v: HEIGHT - BOTTOM - (v - high[0]) / up * (HEIGHT - BOTTOM - TOP),
    )


def _whole(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def _framed(
    title: str, inside: str, across: str, up: str, wide: tuple[float, float], high: tuple[float, float]
) -> str:
    """The plot with axes, their ends in numbers and their names."""
    base = HEIGHT - BOTTOM
    texts = (
        (LEFT, 16, "start", title),
        (LEFT, base + 15, "start", f"{wide[0]:.2g}"),
        (WIDTH - 12, base + 15, "end", f"{wide[1]:.2g}"),
        ((LEFT + WIDTH) // 2, base + 32, "middle", across),
        (LEFT - 5, base, "end", f"{high[0]:.2g}"),
        (LEFT - 5, TOP + 8, "end", f"{_whole(high[1])}"),
    )
    words = "".join(f'<text x="{x}" y="{y}" text-anchor="{a}">{escape(t)}</text>' for x, y, a, t in texts)
    turned = f'<text transform="translate(14 {(base + TOP) // 2}) rotate(-90)" text-anchor="middle">'
    axes = f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - 12}" class="axis"/>'
    label = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{axes}{inside}{words}'
        f"{turned}{escape(up)}</text></svg>"
    )
