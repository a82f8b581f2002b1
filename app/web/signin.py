"""Signing in, with a code where one is asked for, and out, the page where a one-time link sets a password, and home."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import accounts
from app.errors import InvalidInput, NotFound, Problem, TooManyTries, Unauthenticated
from app.text import compose
from app.web import navigation, pages
from app.web.forms import Sent, read_sent
from app.web.visit import (
    Enrolling,
    Signed,
    caller_of,
    check_origin,
    cookie_name,
    forget,
    forget_half,
    half_cookie_name,
    local_path,
    remember,
    remember_half,
)

router = APIRouter(include_in_schema=False)

MISSING = "Hãy nhập cả tên tài khoản và mật khẩu."
NO_CODE = "Hãy nhập mã đang hiện trong ứng dụng xác thực, hoặc một mã khôi phục."
DIFFERENT = "Hai lần nhập mật khẩu không giống nhau. Hãy nhập lại."


@router.get("/")
async def home(visit: Signed) -> Response:
    return RedirectResponse(navigation.home(visit.actor.role), 303)


@router.get("/signin")
async def show_sign_in(request: Request, next: str = "/", name: str = "") -> Response:
    """Whoever is signed in goes on at once, unless a password was just set: that may be another account's."""
    if "done" not in request.query_params and await _is_signed_in(request):
        return RedirectResponse(local_path(next), 303)
    return _form(request, compose(name[:100]), local_path(next))


@router.post("/signin")
async def sign_in(request: Request) -> Response:
    """The session of the form is always a new one; what the browser had before ends."""
    state = request.app.state
    check_origin(request, state.settings)
    sent = await read_sent(request)
    name, going = compose(sent.raw("name")[:200]), local_path(sent.text("next"))
    if not name or not sent.raw("password"):
        return _form(request, name, going, problem=InvalidInput(MISSING, field="password" if name else "name"))
    try:
        entered = await accounts.sign_in(
            state.db,
            name,
            sent.raw("password"),
            caller=caller_of(request),
            old_token=request.cookies.get(cookie_name(state.settings)),
            now=state.clock.now(),
        )
    except Unauthenticated as refusal:
        return _form(request, name, going, status=401, refusal=refusal.detail)
    except Problem as problem:
        return _form(request, name, going, problem=problem)
    if isinstance(entered, accounts.SignedIn):
        return _inside(entered, going, request)
    response = RedirectResponse(f"/signin/code?{urlencode({'next': going})}", 303)
    remember_half(response, entered, state.settings)
    return response


@router.get("/signin/code")
async def show_code(request: Request, next: str = "/") -> Response:
    try:
        return await _code_form(request, local_path(next))
    except NotFound:
        return RedirectResponse(f"/signin?{urlencode({'next': local_path(next)})}", 303)


@router.post("/signin/code")
async def enter_code(request: Request) -> Response:
    """Whoever was too slow, or tried too often, begins with the password again."""
    check_origin(request, request.app.state.settings)
    sent = await read_sent(request)
    going = local_path(sent.text("next"))
    try:
        return await _enter_code(request, sent, going)
    except NotFound as over:  # also while a wrong code was looked at: others used up the tries meanwhile
        return _without_half(_form(request, "", going, status=401, refusal=over.detail), request)


@router.post("/signout")
async def sign_out(visit: Enrolling) -> Response:
    await visit.db.write(accounts.end_session, visit.session.id, now=visit.now)
    response = visit.to("/signin", "signed-out")
    forget(response, visit.settings)
    response.headers["Clear-Site-Data"] = '"storage"'  # texts that report.js keeps here; it asks before they go
    return response


@router.get("/password/{token}")
async def show_password(request: Request, token: str) -> Response:
    """Opening the page uses nothing up: mail programs and messengers open links to look at them."""
    try:
        owner = await _owner(request, token)
    except NotFound as gone:
        return _useless(request, gone)
    return pages.render(request, "password.html", 200, owner=owner, token=token)


@router.post("/password/{token}")
async def set_password(request: Request, token: str) -> Response:
    state = request.app.state
    check_origin(request, state.settings)
    sent = await read_sent(request)
    try:
        owner = await _owner(request, token)
        try:
            check_repeated(sent)
            await accounts.set_password(state.db, token, sent.raw("password"), now=state.clock.now())
        except NotFound:
            raise
        except Problem as problem:
            return pages.render(request, "password.html", 200, owner=owner, token=token, problem=problem)
    except NotFound as gone:
        return _useless(request, gone)
    return RedirectResponse(f"/signin?{urlencode({'done': 'password-set', 'name': owner.account})}", 303)


def check_repeated(sent: Sent) -> None:
    """Nobody sees what they type: raises `InvalidInput` when it was typed differently the second time."""
    if sent.raw("password") != sent.raw("repeated"):
        raise InvalidInput(DIFFERENT, field="repeated")


def typed_code(sent: Sent) -> str:
    """Of the app or, from the other form, a recovery code."""
    return sent.raw("code") or sent.raw("recovery")


def _inside(signed_in: accounts.SignedIn, going: str, request: Request) -> Response:
    response = RedirectResponse(navigation.home(signed_in.actor.role) if going == "/" else going, 303)
    remember(response, signed_in, request.app.state.settings)
    return response


def _without_half(response: Response, request: Request) -> Response:
    """The browser forgets that it was half-way, whether it went on or begins anew."""
    forget_half(response, request.app.state.settings)
    return response


async def _enter_code(request: Request, sent: Sent, going: str) -> Response:
    """Raises `NotFound` for whoever is not half-way through signing in, or no longer."""
    state = request.app.state
    if not typed_code(sent):
        return await _code_form(request, going, problem=InvalidInput(NO_CODE, field="code"))
    try:
        signed_in = await accounts.enter_code(
            state.db,
            _half(request),
            typed_code(sent),
            caller=caller_of(request),
            old_token=request.cookies.get(cookie_name(state.settings)),
            now=state.clock.now(),
        )
    except NotFound:
        raise
    except TooManyTries as problem:
        return _without_half(_form(request, "", going, problem=problem), request)
    except Unauthenticated as refusal:
        return await _code_form(request, going, status=401, refusal=refusal.detail, by_recovery=sent.has("recovery"))
    except Problem as problem:
        return await _code_form(request, going, problem=problem)
    return _without_half(_inside(signed_in, going, request), request)


def _half(request: Request) -> str:
    return request.cookies.get(half_cookie_name(request.app.state.settings), "")


async def _code_form(
    request: Request,
    going: str,
    *,
    status: int = 200,
    refusal: str | None = None,
    problem: Problem | None = None,
    by_recovery: bool = False,
) -> Response:
    """Raises `NotFound` for whoever is not half-way through signing in; a code is never sent back."""
    state = request.app.state
    half = await state.db.read(accounts.find_half_sign_in, _half(request), now=state.clock.now())
    shown: dict[str, Any] = {"account": half.name, "next": going, "refusal": refusal, "by_recovery": by_recovery}
    return pages.render(request, "signin_code.html", status, problem=problem, **shown)


async def _is_signed_in(request: Request) -> bool:
    state = request.app.state
    token = request.cookies.get(cookie_name(state.settings))
    return bool(token) and await state.db.read(accounts.find_session, token, now=state.clock.now()) is not None


async def _owner(request: Request, token: str) -> accounts.LinkOwner:
    state = request.app.state
    owner: accounts.LinkOwner = await state.db.read(accounts.find_link, token, now=state.clock.now())
    return owner


def _form(
    request: Request,
    name: str,
    going: str,
    *,
    status: int = 200,
    refusal: str | None = None,
    problem: Problem | None = None,
) -> Response:
    """The page with the name that was typed; a password is never sent back."""
    return pages.render(request, "signin.html", status, name=name, next=going, refusal=refusal, problem=problem)


def _useless(request: Request, gone: NotFound) -> Response:
    told: dict[str, Any] = {"title": "Liên kết không còn dùng được", "detail": gone.detail}
    return pages.render(request, "failure.html", 404, again=False, before=None, **told)
