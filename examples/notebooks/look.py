"""How the notebooks look: one theme for charts, colours that colour-blind readers can tell apart, and plain tables.

    import look ─▶ every chart has the theme, and is kept in the notebook as a picture
    look.table(frame) ─▶ a table with its words to the left and without quotes

It draws nothing by itself. The colours are those of Okabe and Ito.
"""

from html import escape

import altair as alt

INK, QUIET, GRID = "#24292f", "#8c959f", "#e6e8eb"
BLUE, ORANGE, RED, SKY = "#0072B2", "#E69F00", "#D55E00", "#56B4E9"

LEVEL = alt.Scale(domain=["medium", "high", "critical"], range=[SKY, ORANGE, RED])
"""Levels by colour."""
LEVEL_SHAPE = alt.Scale(domain=["medium", "high", "critical"], range=["circle", "square", "diamond"])
"""Levels by shape, for those who see no colours."""


@alt.theme.register("tieline", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """Plain axes, and a title that can be read as a sentence."""
    return {
        "config": {
            "aria": False,
            "background": "white",
            # Letters may be wider where the picture is looked at than where it was drawn.
            "padding": {"left": 28, "right": 12, "top": 8, "bottom": 8},
            "view": {"stroke": None},
            "title": {
                "anchor": "start", "fontSize": 15, "color": INK, "offset": 14,
                "subtitleFontSize": 12, "subtitleColor": "#57606a", "subtitlePadding": 5,
            },
            "axis": {
                "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK,
                "gridColor": GRID, "domainColor": QUIET, "tickColor": QUIET, "labelLimit": 320, "titlePadding": 8,
            },
            "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "symbolSize": 120},
        }
    }  # fmt: skip


alt.renderers.enable("svg")

CELL = "text-align:left;vertical-align:top;padding:3px 14px 3px 0"


class table:
    """A data frame with a form for notebooks."""

    def __init__(self, frame):
        self._frame = frame

    def __repr__(self):
        return f"a table of {self._frame.height} rows"

    def _repr_html_(self):
        names = self._frame.columns
        head = "".join(f'<th style="{CELL}">{escape(name.replace("_", " "))}</th>' for name in names)
        rows = "".join(f"<tr>{''.join(self._cell(value) for value in row)}</tr>" for row in self._frame.iter_rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    @staticmethod
    def _cell(value):
        shown = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        return f'<td style="{CELL}">{escape(shown)}</td>'
