"""The dashboard's files and Plotly's script, from this server alone."""

import gzip
from functools import cache
from pathlib import Path
from typing import Final

import plotly
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response

DASHBOARD: Final = Path(__file__).resolve().parent.parent / "dashboard"
PLOTLY_SCRIPT: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def plotly_script(request: Request) -> Response:
    """Return the script of the installed ``plotly`` package: by far the page's largest file.

    It travels packed, a third of its size, to whoever takes that, and not at all to who has it.
    """
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"plotly-{plotly.__version__}{"-gzip" if is_packed else ""}"'
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Encoding", "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not is_packed:
        return FileResponse(PLOTLY_SCRIPT, media_type="text/javascript", headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(_packed_plotly(), media_type="text/javascript", headers=headers)


@cache
def _packed_plotly() -> bytes:
    return gzip.compress(PLOTLY_SCRIPT.read_bytes(), compresslevel=6, mtime=0)


def install_dashboard(app: FastAPI) -> None:
    """Serve the dashboard at ``/``; API paths win, and an unknown file is a 404 problem."""
    app.add_route("/assets/plotly.min.js", plotly_script, include_in_schema=False)
    app.frontend("/", directory=DASHBOARD, fallback=None)
