"""The page's routes: what a browser asks, and what the desk answers."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.errors import ConflictError, GraderError
from grader.review.assignment import UnknownError
from grader.review.bodies import MAX_NAME, GiveBody, Number, PersonBody, RemarkBody, UndoBody
from grader.review.desk import Decision, Desk
from grader.review.guard import Guard, GuardMiddleware
from grader.review.notebook import MAX_CELLS, UnreadableError
from grader.review.standing import given_view
from grader.review.views import Clash
from grader.store import HandScore

FONT = ("ziamath", "fonts/STIXTwoMath-Regular.ttf")
"""Package that brings a font for formulas, and its path there: not every system has one."""
NEXT = "X-Next-Start"
"""Header of a page of a hand-in that goes on."""
FONT_CACHE = "private, max-age=604800"


def make_app(desk: Desk, guard: Guard, *, person: str) -> FastAPI:
    """The page for one run.

    Args:
        desk: Of the run.
        guard: Who is let in.
        person: Who judges where the browser has not said otherwise.
    """
    app = FastAPI(title="review", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(GuardMiddleware, guard=guard)
    app.state.desk, app.state.guard, app.state.person = desk, guard, person
    app.state.pages = Environment(
        loader=PackageLoader("grader.review"), autoescape=True, undefined=StrictUndefined
    )
    app.include_router(pages)
    app.include_router(api, prefix="/api")
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_exception_handler(UnknownError, _unknown)
    app.add_exception_handler(ConflictError, _clash)
    app.add_exception_handler(GraderError, _refused)
    app.add_exception_handler(UnreadableError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _person(request: Request) -> str:
    told = request.cookies.get(_person_cookie(request), "")
    name = unquote(told)[:MAX_NAME].strip()
    return name or str(request.app.state.person)


def _person_cookie(request: Request) -> str:
    return f"{request.app.state.guard.cookie}_person"


AtDesk = Depends(_desk)
Asking = Depends(_person)
pages = APIRouter(default_response_class=HTMLResponse)
api = APIRouter()


@pages.get("/")
def home(request: Request, desk: Desk = AtDesk, person: str = Asking) -> HTMLResponse:
    """Every item, and how far it is."""
    return _page(request, "home.html", title=desk.assignment.title, person=person)


@pages.get("/item/{name}")
@pages.get("/item/{name}/{key}")
def item_page(
    request: Request, name: str, key: str = "", desk: Desk = AtDesk, person: str = Asking
) -> HTMLResponse:
    """The desk for one item; the browser asks for the answers one by one."""
    item = desk.assignment.item(name)
    return _page(request, "item.html", item=item, key=key, person=person)


@pages.get("/font/math.ttf")
def font() -> Response:
    """The font for formulas."""
    package, path = FONT
    # The package is found, not imported: nothing of it is needed but the file.
    found = find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        file = Path(folder) / path
        if file.is_file():
            return FileResponse(file, media_type="font/ttf", headers={"Cache-Control": FONT_CACHE})
    return Response(status_code=404)


@api.get("/items")
def items(desk: Desk = AtDesk, person: str = Asking) -> Response:
    """Every item, and how far it is."""
    return _json({"items": desk.overview(person), "read": desk.read, "person": person})


@api.get("/items/{name}")
def item(name: str, desk: Desk = AtDesk, person: str = Asking) -> Response:
    """One item: criteria, comments, its answers in this person's order."""
    return _json(desk.item(name, person))


@api.get("/items/{name}/answers/{key}")
def answer(  # noqa: PLR0917 - the framework passes them by name
    name: str,
    key: str,
    named: bool = False,  # noqa: FBT001, FBT002 - part of an address
    counting: bool = False,  # noqa: FBT001, FBT002 - likewise
    against: str = "",
    desk: Desk = AtDesk,
    person: str = Asking,
) -> Response:
    """One answer, and what has been given for it."""
    return _json(desk.answer(name, key, person, named=named, counting=counting, against=against))


@api.get("/items/{name}/answers/{key}/whole")
def whole(
    name: str,
    key: str,
    start: Annotated[int, Query(ge=0, le=MAX_CELLS)] = 0,
    desk: Desk = AtDesk,
) -> HTMLResponse:
    """The whole hand-in, or a page of a long one; a header says where the next begins."""
    page = desk.whole(name, key, start)
    headers = {NEXT: str(page.next)} if page.next is not None else {}
    return HTMLResponse(page.html, headers=headers)


@api.put("/items/{name}/answers/{key}")
def give(
    name: str, key: str, body: GiveBody, desk: Desk = AtDesk, person: str = Asking
) -> Response:
    """Give a score, or change one."""
    decision = Decision(
        body.points, body.criteria, body.comments, body.comment, body.version, body.slot
    )
    return _json(desk.give(name, key, person, decision))


@api.post("/items/{name}/answers/{key}/undo")
def undo(
    name: str, key: str, body: UndoBody, desk: Desk = AtDesk, person: str = Asking
) -> Response:
    """Take the last change of a score back."""
    return _json(desk.take_back(name, key, person, body.version, body.slot))


@api.post("/items/{name}/comments")
def add_comment(name: str, body: RemarkBody, desk: Desk = AtDesk, person: str = Asking) -> Response:
    """Add a comment to the library."""
    desk.assignment.item(name)
    desk.library.add(name, body.text, body.points, person)
    return _json(desk.item(name, person))


@api.put("/items/{name}/comments/{number}")
def change_comment(
    name: str, number: Number, body: RemarkBody, desk: Desk = AtDesk, person: str = Asking
) -> Response:
    """Change a comment: every score that uses it changes with it."""
    desk.library.change(
        number, name, body.text, body.points, person, retired=body.retired, version=body.version
    )
    return _json(desk.item(name, person))


@api.post("/person")
def be(body: PersonBody, request: Request) -> Response:
    """Say who is judging."""
    response = _json({"person": body.name.strip()})
    response.set_cookie(
        _person_cookie(request),
        quote(body.name.strip()),
        max_age=365 * 24 * 3600,
        httponly=True,
        samesite="strict",
    )
    return response


def _page(request: Request, template: str, **told: Any) -> HTMLResponse:
    return HTMLResponse(request.app.state.pages.get_template(template).render(**told))


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _unknown(_: Request, exc: Exception) -> Response:
    return _json({"message": str(exc)}, 404)


def _refused(_: Request, exc: Exception) -> Response:
    return _json({"message": str(exc)}, 422)


def _invalid(_: Request, exc: Exception) -> Response:
    # What was sent is not repeated: it need not be JSON that can be written.
    faults = exc.errors() if isinstance(exc, RequestValidationError) else ()
    told = "; ".join(f"{' '.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults)
    return _json({"message": told[:500] or "the request can't be read"}, 422)


def _clash(_: Request, exc: Exception) -> Response:
    current = getattr(exc, "current", None)
    view = given_view(current) if isinstance(current, HandScore) else None
    return _json(Clash(str(exc), view), 409)
