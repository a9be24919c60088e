"""Bars as SVG text: one for each server, a mark at the goal. Readable on light and on dark paper."""

from html import escape

WIDTH, LABEL, VALUE, BAR, GAP, TOP = 560, 130, 74, 18, 8, 34

STYLE = """\
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .goal { fill: #b35900 }
  line.goal { stroke: #b35900; stroke-dasharray: 4 3 }
  .own { fill: #1a7f4b } .floor { fill: #b8c0c8 } .peer { fill: #6e8fb5 } .spread { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .goal { fill: #f0a050 } line.goal { stroke: #f0a050 }
    .own { fill: #3fb97a } .floor { fill: #5b646e } .peer { fill: #5d83b3 } .spread { stroke: #e6edf3 }
  }
</style>
"""


def shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def bars(title: str, unit: str, figures: list[tuple[str, str, float, float, float]], limit: float | None, goal: str) -> str:
    """figures: what it is called, "own", "floor" or "peer", median, least and most."""
    room = WIDTH - LABEL - VALUE
    scale = room / max([most for *_, most in figures] + [limit or 0]) if figures else 1
    height = TOP + len(figures) * (BAR + GAP) + (22 if limit else 4)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">\n', STYLE,
           f'<title>{escape(title)}</title>\n<text class="title" x="8" y="20">{escape(title)}{f", {unit}" if unit else ""}</text>\n']
    for i, (name, kind, middle, least, most) in enumerate(figures):
        y = TOP + i * (BAR + GAP)
        out.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>\n'
                   f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{max(1.0, middle * scale):.1f}" height="{BAR}" rx="2"/>\n')
        if most > least:
            out.append(f'<line class="spread" x1="{LABEL + least * scale:.1f}" x2="{LABEL + most * scale:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}"/>\n')
        out.append(f'<text x="{LABEL + max(middle, most) * scale + 6:.1f}" y="{y + 13}">{shown(middle)}</text>\n')
    if limit:
        x = LABEL + limit * scale
        out.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 20}"/>\n'
                   f'<text class="goal" x="{min(x, WIDTH - 8):.1f}" y="{height - 6}" text-anchor="{"end" if x > WIDTH / 2 else "start"}">'
                   f'{escape(goal)}: {shown(limit)}</text>\n')
    return "".join(out) + "</svg>\n"
