"""The dashboard's files and Plotly's script, from this server alone."""

from pathlib import Path
from typing import Final

import plotly
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response

DASHBOARD: Final = Path(__file__).resolve().parent.parent / "dashboard"
PLOTLY_SCRIPT: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def plotly_script(_request: Request) -> Response:
    """Return the script of the installed ``plotly`` package."""
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(PLOTLY_SCRIPT, media_type="text/javascript", headers=headers)


def install_dashboard(app: FastAPI) -> None:
    """Serve the dashboard at ``/``; API paths win, and an unknown file is a 404 problem."""
    app.add_route("/assets/plotly.min.js", plotly_script, include_in_schema=False)
    app.frontend("/", directory=DASHBOARD, fallback=None)
