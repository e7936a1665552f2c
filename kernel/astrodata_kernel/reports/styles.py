"""Style and behaviour of a report's page."""

from __future__ import annotations

from .looks import Look

_STYLE = """
:root { color-scheme: SCHEME; --ground: GROUND; --raised: RAISED; --ink: INK; --faint: FAINT;
  --line: LINE; --accent: ACCENT; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 24px 28px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 8px; padding-bottom: 6px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 20px 0 8px; overflow-wrap: anywhere; }
h3 small, small { color: var(--faint); font-weight: 400; }
p { margin: 6px 0; max-width: 88ch; overflow-wrap: anywhere; }
p.lead, p.note { color: var(--faint); }
nav { margin: 10px 0 0; }
nav a { color: var(--accent); margin-right: 16px; }
.bar { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; margin: 8px 0; }
select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line);
  border-radius: 6px; padding: 4px 8px; max-width: 320px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px;
  margin: 18px 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--raised); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; color: var(--faint); font-size: 13px; }
.tiles b { display: block; color: var(--ink); font-size: 22px; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 20px; }
.charts > div { min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 8px 0 4px; font-size: 14px; }
caption { text-align: left; color: var(--faint); padding: 0 0 4px; }
th, td { padding: 4px 14px 4px 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--faint); font-weight: 500; }
tbody th { font-weight: 500; max-width: 320px; }
table.numbers td, table.numbers thead th + th { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
.cards { display: flex; flex-wrap: wrap; gap: 8px; }
.card { display: flex; flex-direction: column; align-items: center; gap: 2px; padding: 6px;
  font: inherit; font-size: 12px; color: inherit; background: var(--raised);
  border: 1px solid var(--line); border-radius: 8px; max-width: 160px; }
button.card { cursor: pointer; }
button.card:hover, button.card:focus-visible, .card[aria-pressed="true"] { outline: none;
  border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.card img { display: block; image-rendering: auto; }
.card .id { max-width: 140px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.card .none { color: var(--faint); padding: 14px; }
.bk-Tooltip { --tooltip-color: var(--raised); --tooltip-text: var(--ink); --tooltip-border: var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; font-size: 14px; }
dt { color: var(--faint); max-width: 260px; overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 700px) { main { padding: 16px; } dl { grid-template-columns: 1fr; } }
@media print { .bar, nav { display: none; } .card { break-inside: avoid; } }
"""

SCRIPT = """
(() => {
  const model = name => Bokeh.documents.map(d => d.get_model_by_name(name)).find(m => m);
  const choose = document.getElementById('colour');
  if (choose) {
    choose.addEventListener('change', () => {
      const map = model('map');
      for (const part of [...map.renderers, ...map.right]) {
        if (part.tags.length) {
          part.visible = part.tags.includes(choose.value);
          for (const item of part.items ?? []) {
            item.renderers.forEach(one => (one.visible = part.visible));
          }
        }
      }
    });
  }
  document.addEventListener('click', event => {
    const card = event.target.closest('.card');
    if (!card) {
      return;
    }
    const source = model('points');
    const index = Array.from(source.data.row).indexOf(Number(card.dataset.row));
    const again = card.getAttribute('aria-pressed') === 'true';
    for (const other of document.querySelectorAll('.card[aria-pressed]')) {
      other.removeAttribute('aria-pressed');
    }
    if (!again) {
      card.setAttribute('aria-pressed', 'true');
    }
    source.selected.indices = again || index < 0 ? [] : [index];
  });
})();
"""
"""Chooses the map's colour, and marks the point of the picture that is clicked."""


def style_of(look: Look) -> str:
    """Give the page's style in a theme's colours."""
    return _in_colours(_STYLE, look)


_APPLICATION = """
:host { --raised: RAISED; --ink: INK; --faint: FAINT; --line: LINE; --accent: ACCENT; color: INK; }
h1.title { font-size: 24px; margin: 0; color: INK; overflow-wrap: anywhere; }
small { color: FAINT; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; color: INK; }
.key { overflow-wrap: anywhere; }
.ramp { display: inline-block; width: 160px; height: 10px; border-radius: 3px; }
.wrong { color: #d1495b; overflow-wrap: anywhere; }
.told { color: ACCENT; }
img.large { width: 100%; max-width: 300px; background: RAISED; border-radius: 8px; }
table { color: INK; }
"""


def application_style(look: Look) -> str:
    """Give the application's style in a theme's colours: that of the page for what both have."""
    shared = [line for line in _STYLE.split("\n.") if line.startswith(("swatch", "card", "scroll"))]
    rules = "\n".join("." + rule for rule in shared)
    return _in_colours(_APPLICATION, look) + _in_colours(rules, look)


def _in_colours(style: str, look: Look) -> str:
    made = style.replace("SCHEME", look.name).replace("GROUND", look.ground)
    made = made.replace("RAISED", look.raised).replace("INK", look.ink).replace("FAINT", look.faint)
    return made.replace("LINE", look.line).replace("ACCENT", look.accent)
