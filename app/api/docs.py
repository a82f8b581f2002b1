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


LANDING = """<!doctype html>
<html lang="vi">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title} · Khắc Phục</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/static/plain.css">
</head>
<body>
  <main>
    <h1>{title}</h1>
    <p>Thực hiện qua API, bằng khóa do Sở Nội vụ cấp:</p>
    <ol>
      {steps}
    </ol>
    <p><a href="/docs">Tài liệu API và thử trực tiếp</a></p>
  </main>
</body>
</html>
"""
TASK_STEPS = (
    ("Đọc nhiệm vụ, xem nội dung còn thiếu và số liệu cần báo cáo", "GET /api/v1/tasks/{code}"),
    ("Cơ quan phụ trách gửi báo cáo giải trình, kèm số liệu", "POST /api/v1/tasks/{code}/updates"),
    ("Gửi tài liệu kiểm chứng, nếu có", "POST /api/v1/evidence"),
    ("Đề nghị gia hạn, nếu cần", "POST /api/v1/tasks/{code}/extension-requests"),
    ("Sở Nội vụ xem xét, xác nhận", "POST /api/v1/tasks/{code}/review"),
    ("Lãnh đạo cho ý kiến chỉ đạo", "POST /api/v1/tasks/{code}/directions"),
)
SHARE_STEPS = (
    ("Đọc phần trách nhiệm của đơn vị", "GET /api/v1/shares/{code}"),
    ("Gửi giải trình, tiến độ và số liệu kỳ này", "PATCH /api/v1/shares/{code}"),
)
LIST_STEPS = (
    ("Các nhiệm vụ của cơ quan", "GET /api/v1/tasks"),
    ("Các phần trách nhiệm của đơn vị", "GET /api/v1/shares"),
    ("Tổng hợp tiến độ", "GET /api/v1/assessments/{{mã}}/summary"),
)


def _landing(title: str, steps: tuple[tuple[str, str], ...], code: str = "") -> HTMLResponse:
    """It looks nothing up, so it tells a stranger nothing."""
    shown = [f"<li>{what}: <code>{escape(call.format(code=code[:100]))}</code></li>" for what, call in steps]
    return HTMLResponse(LANDING.format(title=escape(title[:120]), steps="\n      ".join(shown)))


@router.get("/")
async def home() -> RedirectResponse:
    return RedirectResponse("/docs")


@router.get("/docs")
async def documentation() -> HTMLResponse:
    return HTMLResponse(PAGE)


# Where links in mails lead


@router.get("/tasks")
async def tasks() -> HTMLResponse:
    return _landing("Nhiệm vụ khắc phục", LIST_STEPS)


@router.get("/tasks/{code}")
async def task(code: str) -> HTMLResponse:
    return _landing(f"Nhiệm vụ {code}", TASK_STEPS, code)


@router.get("/shares/{code}")
async def share(code: str) -> HTMLResponse:
    return _landing(f"Phần trách nhiệm {code}", SHARE_STEPS, code)
