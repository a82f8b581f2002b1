"""The API's documentation, and the files that pages are drawn with.

Everything comes from files in this repository, so it works on a closed network.
"""

from fastapi import APIRouter
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from app.settings import ROOT

router = APIRouter(include_in_schema=False)
assets = StaticFiles(directory=ROOT / "app" / "web" / "static")

PAGE = """<!doctype html>
<html lang="vi">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Khắc Phục · API</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/static/vendor/swagger-ui/swagger-ui.css">
</head>
<body>
  <div id="swagger" data-url="/api/v1/openapi.json"></div>
  <script src="/static/vendor/swagger-ui/swagger-ui-bundle.js"></script>
  <script src="/static/docs.js"></script>
</body>
</html>
"""


@router.get("/docs")
async def documentation() -> HTMLResponse:
    return HTMLResponse(PAGE)
