"""Pages that need no key and show no data: the API's documentation, and where links in mails lead.

Everything comes from files in this repository, so it works on a closed network.
"""

from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from app.settings import ROOT

router = APIRouter(include_in_schema=False)
assets = StaticFiles(directory=ROOT / "app" / "static")

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


TASK_PAGE = """<!doctype html>
<html lang="vi">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{code} · Khắc Phục</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/static/plain.css">
</head>
<body>
  <main>
    <h1>Nhiệm vụ {code}</h1>
    <p>Cơ quan báo cáo nhiệm vụ này qua API, bằng khóa do Sở Nội vụ cấp:</p>
    <ol>
      <li>Đọc nhiệm vụ, xem nội dung còn thiếu và số liệu cần báo cáo: <code>GET /api/v1/tasks/{code}</code></li>
      <li>Gửi báo cáo giải trình, kèm số liệu: <code>POST /api/v1/tasks/{code}/updates</code></li>
      <li>Gửi tài liệu kiểm chứng, nếu có: <code>POST /api/v1/evidence</code></li>
      <li>Đề nghị gia hạn, nếu cần: <code>POST /api/v1/tasks/{code}/extension-requests</code></li>
    </ol>
    <p><a href="/docs">Tài liệu API và thử trực tiếp</a></p>
  </main>
</body>
</html>
"""


@router.get("/")
async def home() -> RedirectResponse:
    return RedirectResponse("/docs")


@router.get("/docs")
async def documentation() -> HTMLResponse:
    return HTMLResponse(PAGE)


@router.get("/tasks/{code}")
async def task(code: str) -> HTMLResponse:
    """Where a link in a mail leads: how to report on the task. It looks nothing up, so it tells a stranger nothing."""
    return HTMLResponse(TASK_PAGE.format(code=escape(code[:100])))
