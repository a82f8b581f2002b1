"""Signing in and out, and the way home."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import accounts
from app.web import navigation, pages
from app.web.visit import Signed, forget, local_path

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(visit: Signed) -> Response:
    return RedirectResponse(navigation.home(visit.actor.role), 303)


@router.get("/signin")
async def show_sign_in(request: Request, next: str = "/") -> Response:
    return pages.render(request, "signin.html", 200, name="", next=local_path(next))


@router.post("/signout")
async def sign_out(visit: Signed) -> Response:
    await visit.db.write(accounts.end_session, visit.session.id, now=visit.now)
    response = visit.to("/signin", "signed-out")
    forget(response, visit.settings)
    return response
