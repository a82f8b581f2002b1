"""What every page gets: who is signed in, the two doors to the database, the form that was sent, and how to answer."""

import contextlib
import hmac
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from app import accounts
from app.api.deps import Call, client_of
from app.api.edge.observing import name_caller
from app.assessments.read import list_assessments
from app.core.workdays import local_date
from app.errors import Forbidden, NotFound, NothingYet, Problem, Unwritable
from app.idents import read_count
from app.settings import Settings
from app.web import notices, pages
from app.web.forms import NOTHING_SENT, Sent, read_sent

log = structlog.get_logger()

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
FORGED = (
    "Biểu mẫu này không được gửi từ trang Khắc Phục đang mở, hoặc trang mở đã quá lâu. Hãy tải lại trang rồi gửi lại."
)
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")


class SignInRequired(Exception):
    """Nobody is signed in, or no longer."""


class SecondFactorRequired(Exception):
    """Somebody is signed in whose role must have a second factor, and has none: first that, then everything else."""


@dataclass(frozen=True, slots=True)
class Visit(Call):
    """One request of somebody who is signed in."""

    session: accounts.Session
    sent: Sent

    @property
    def today(self) -> date:
        return local_date(self.now)

    @property
    def must_enrol(self) -> bool:
        """Whether nothing but turning on a second factor is open to this session."""
        return self.actor.role in self.settings.roles_with_second_factor and not self.session.second_factor

    @property
    def offset(self) -> int:
        """Where the asked page of a list begins; 0 for whatever is no number."""
        return read_count(self.request.query_params.get("offset", "")) or 0

    async def frame(self) -> dict[str, Any]:
        """The assessments one may see, newest first, and the one that this visit is about: the one named in the
        address, else the one chosen last, else the default. Raises `NothingYet` where there is none at all."""
        found = (await self.read(list_assessments, limit=200, offset=0))["items"]
        found.sort(key=lambda one: (-one["year"], one["code"]))
        if not found:
            raise NothingYet(
                "Chưa có kỳ đánh giá nào. Quản trị viên cần nạp dữ liệu trước (khacphuc seed, hoặc từ Excel)."
            )
        wanted = self.request.query_params.get("assessment")
        by_code = {one["code"]: one for one in found}
        if wanted and wanted not in by_code:
            raise NotFound(f"Không có kỳ đánh giá {wanted}.")
        chosen = wanted or self.request.cookies.get(choice_cookie_name(self.settings), "")
        default = next((one for one in found if one["default"]), found[0])
        return {"assessments": found, "assessment": by_code.get(chosen, default)}

    async def frame_if_any(self) -> dict[str, Any]:
        """As `frame` for pages that come before the first assessment: empty while there is none."""
        try:
            return await self.frame()
        except NothingYet:
            return {}

    def page(self, template: str, *, status: int = 200, problem: Problem | None = None, **context: Any) -> Response:
        """A page, or a part of one. `problem` is shown on top of it, and gives the answer its status."""
        response = pages.render(self.request, template, status, visit=self, problem=problem, **context)
        remember_choice(self.request, response, context.get("assessment"), self.settings)
        return response

    def to(self, path: str, done: str | None = None, **query: Any) -> Response:
        """The answer to a form that was carried out: go there and say what was done (a key of `notices.DONE`)."""
        if done is not None:
            assert done in notices.DONE, done
            query["done"] = done
        return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)

    def check_csrf(self, given: str | None) -> None:
        """Raises `Forbidden` unless the form came from a page of this session."""
        if given is None or not _equal(given, self.session.csrf):
            raise _forged("token")


def remember_choice(request: Request, response: Response, chosen: Any, settings: Settings) -> None:
    """Whoever looks at last year's assessment stays there until choosing another."""
    if chosen and request.query_params.get("assessment") == chosen["code"]:
        held: Any = {"httponly": True, "samesite": "lax", "secure": secure(settings), "path": "/"}
        response.set_cookie(choice_cookie_name(settings), quote(chosen["code"]), **held)


async def current_visit(request: Request) -> Visit:
    """Whoever is signed in. A form must come from our own page and carry the session's CSRF token.

    Raises `SignInRequired`, `SecondFactorRequired`, `Forbidden`.
    """
    return _enrolled(await enrolling_visit(request))


async def enrolling_visit(request: Request) -> Visit:
    """As `current_visit`, also for whoever must turn on a second factor first: for the pages that do that, and signing
    out."""
    visit = await _visit(request)
    if request.method not in SAFE:
        check_origin(request, visit.settings)
        sent = await read_sent(request)
        visit = Visit(visit.request, visit.db, visit.settings, visit.actor, visit.now, visit.session, sent)
        visit.check_csrf(request.headers.get(CSRF_HEADER) or sent.text("csrf"))
    return visit


async def uploading_visit(request: Request) -> Visit:
    """As `current_visit` for a form with a file, which the route reads itself, in bounded memory: it must then call
    `check_csrf` unless the token came as a header."""
    visit = _enrolled(await _visit(request))
    check_origin(request, visit.settings)
    return visit


def _enrolled(visit: Visit) -> Visit:
    if visit.must_enrol:
        raise SecondFactorRequired
    return visit


Signed = Annotated[Visit, Depends(current_visit)]
Enrolling = Annotated[Visit, Depends(enrolling_visit)]
Uploading = Annotated[Visit, Depends(uploading_visit)]


async def _visit(request: Request) -> Visit:
    state = request.app.state
    now = state.clock.now()
    token = request.cookies.get(cookie_name(state.settings))
    session = await state.db.read(accounts.find_session, token, now=now) if token else None
    if session is None:
        if token:
            log.info("session refused")  # ended, or made up
        raise SignInRequired
    name_caller(session.actor.account_id)
    visit = request.state.visit = Visit(request, state.db, state.settings, session.actor, now, session, NOTHING_SENT)
    if now - session.seen_at >= accounts.SEEN_EVERY:
        with contextlib.suppress(Unwritable):  # reading goes on
            await state.db.write(accounts.touch_session, session.id, now=now)
    return visit


async def find_visit(request: Request) -> Visit | None:
    """Whoever is signed in, for pages about what went wrong before that was asked. None where it cannot be known."""
    try:
        return visit_so_far(request) or await _visit(request)
    except (SignInRequired, Problem):
        return None


def visit_so_far(request: Request) -> Visit | None:
    """Whoever is known to be signed in by now, without asking anything."""
    found: Visit | None = getattr(request.state, "visit", None)
    return found


def check_origin(request: Request, settings: Settings) -> None:
    """Browsers say where a form comes from; raises `Forbidden` when that is another site.

    Our own site is the public address of the settings, or the host that was called; with https only over https.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    public = urlsplit(settings.base_url)
    schemes = ("https",) if secure(settings) else ("http", "https")
    own = {f"{public.scheme}://{public.netloc}", *(f"{scheme}://{host}" for scheme in schemes)}
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise _forged("site")
    if origin is not None and origin not in own:
        raise _forged("origin")


def _forged(by: str) -> Forbidden:
    log.warning("forged form", by=by)
    return Forbidden(FORGED)


# Cookies


def secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """With https the browser itself holds the cookie to this host (`__Host-`)."""
    return "__Host-khacphuc" if secure(settings) else "khacphuc"


def browser_cookie_name(settings: Settings) -> str:
    return f"{cookie_name(settings)}-browser"


def half_cookie_name(settings: Settings) -> str:
    return f"{cookie_name(settings)}-half"


def choice_cookie_name(settings: Settings) -> str:
    return f"{cookie_name(settings)}-assessment"


def remember(response: Response, signed_in: accounts.SignedIn, settings: Settings) -> None:
    """Sign the browser in. The cookie ends with the browser; the session ends by itself after a working day.

    A second cookie signs nobody in: by it the browser is known again, and keeps its own tries while others guess.
    """
    held: Any = {"httponly": True, "samesite": "lax", "secure": secure(settings), "path": "/"}
    response.set_cookie(cookie_name(settings), signed_in.token, **held)
    lasting = int(accounts.KNOWN.total_seconds())
    response.set_cookie(browser_cookie_name(settings), signed_in.browser, max_age=lasting, **held)


def remember_half(response: Response, half: accounts.HalfSignIn, settings: Settings) -> None:
    """Good for entering the code, nothing else."""
    held: Any = {"httponly": True, "samesite": "lax", "secure": secure(settings), "path": "/"}
    response.set_cookie(
        half_cookie_name(settings), half.token, max_age=int(accounts.HALF_SIGN_IN_LIFE.total_seconds()), **held
    )


def forget_half(response: Response, settings: Settings) -> None:
    response.delete_cookie(half_cookie_name(settings), httponly=True, samesite="lax", secure=secure(settings), path="/")


def caller_of(request: Request) -> accounts.Caller:
    """Where somebody signs in from."""
    device = request.headers.get("user-agent", "")[:400]
    browser = request.cookies.get(browser_cookie_name(request.app.state.settings), "")[:100]
    return accounts.Caller(device, client_of(request), browser)


def forget(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), httponly=True, samesite="lax", secure=secure(settings), path="/")


def local_path(wanted: str | None) -> str:
    """A path on this site to go on to, "/" for anything else: never another host."""
    return wanted if wanted and _LOCAL.fullmatch(wanted) else "/"


def _equal(left: str, right: str) -> bool:

    return hmac.compare_digest(left.encode(), right.encode())
