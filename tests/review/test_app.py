"""Who is let in, what may be changed from where, and what a browser is told."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from grader.review.desk import Desk
from grader.review.guard import COOKIE, MAX_BODY, TRIES, Guard, door_address
from grader.store import HandScore, Store
from tests.review.hand_ins import ATTACK, hand_in, make_run
from tests.review.server import TOKEN, Served, served
from tests.review.tags import Tags

PORT = 8000
GIVE = {"points": 5, "criteria": {"0": 2, "1": 1, "2": 2}, "comments": [], "version": 0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Four hand-ins, one of them hostile."""
    answers = [hand_in(0), hand_in(1), hand_in(2), hand_in(3, ATTACK)]
    with make_run(tmp_path_factory.mktemp("run"), answers) as made:
        yield made


@pytest.fixture(scope="module")
def desk(run: Store) -> Desk:
    """Of the run."""
    made = Desk(run, share=0.0)
    made.read_all()
    return made


@pytest.fixture(scope="module")
def page(desk: Desk) -> Iterator[Served]:
    """The page on a port of this machine."""
    with served(desk) as made:
        yield made


@pytest.fixture
def store(run: Store) -> Iterator[Store]:
    """The run's store, in which no score is left after the test."""
    yield run
    for score in run.hand_scores(slot=None):
        last: HandScore | None = score
        while last is not None:
            last = run.take_back(last.student, last.item, last.version, slot=last.slot)


@pytest.fixture
def stranger(page: Served) -> Iterator[httpx.Client]:
    """A browser that has not been let in."""
    with page.client() as client:
        yield client


@pytest.fixture
def browser(page: Served, stranger: httpx.Client) -> httpx.Client:
    """A browser that came by the address with the token."""
    assert stranger.get(page.door).status_code == 200
    stranger.headers["origin"] = page.origin
    return stranger


def answer_path(desk: Desk, number: int = 0) -> str:
    return f"/api/items/1.1b/answers/{desk.key(f'student-{number:03}')}"


ROUTES = [
    ("GET", "/"),
    ("GET", "/item/1.1b"),
    ("GET", "/static/item.js"),
    ("GET", "/font/math.ttf"),
    ("GET", "/api/items"),
    ("GET", "/api/items/1.1b"),
    ("GET", "/nowhere"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("PUT", "/api/items/1.1b/answers/x"),
    ("POST", "/api/person"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_answer_without_the_token(stranger: httpx.Client, method: str, path: str) -> None:
    """Nothing is told to who did not come by the address with the token."""
    answered = stranger.request(method, path, headers={"origin": str(stranger.base_url)})
    assert answered.status_code == 401
    assert "Frobenius" not in answered.text


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "%C3%BC", "%00"])
def test_no_answer_with_a_wrong_token(page: Served, stranger: httpx.Client, token: str) -> None:
    """A wrong token opens nothing."""
    assert stranger.get("/enter", params={"token": token}).status_code == 401
    assert not stranger.cookies
    assert stranger.get("/", headers={"cookie": f"{page.guard.cookie}={token}"}).status_code == 401


def test_guessing_is_slowed() -> None:
    """A client that sends wrong tokens is asked to wait, and keeps nobody out by that."""
    guard = Guard(TOKEN, frozenset({"127.0.0.1"}), PORT)
    assert guard.enter(TOKEN) is not None
    assert not any(guard.enter(f"wrong {number}") for number in range(TRIES))
    assert all(guard.may_try("10.0.0.7") for _ in range(TRIES))
    assert not guard.may_try("10.0.0.7")
    assert guard.may_try("10.0.0.8")
    assert guard.enter(TOKEN) is not None


def test_wrong_tokens_do_not_keep_the_right_one_out(desk: Desk) -> None:
    """Not even from the same address, and the wrong ones are told to wait."""
    with served(desk) as alone, alone.client() as client:
        wrong = [{"token": f"é {number}"} for number in range(TRIES + 1)]
        codes = [client.get("/enter", params=one).status_code for one in wrong]
        assert codes == [401] * TRIES + [429]
        assert client.get("/enter", params={"token": TOKEN}).status_code == 200


HUGE = ("9" * 25, str(2**63), "9" * 5000, "-1", "1e400", "\u0661" * 20)
"""Numbers beyond 64 bits, and other ones that are none of ours."""


@pytest.mark.parametrize("number", HUGE)
def test_a_number_beyond_the_store_is_refused(
    desk: Desk, browser: httpx.Client, number: str
) -> None:
    """In addresses and in what is sent: an error of the sender's, never one of ours."""
    text = {"text": "well done", "points": 0, "version": 1}
    answers = [
        browser.put(f"/api/items/1.1b/comments/{number[:2000]}", json=text),
        browser.get(f"{answer_path(desk, 0)}/whole", params={"start": number[:2000]}),
        browser.put(answer_path(desk, 0), json={**GIVE, "criteria": {number: 1}}),
    ]
    if number.isascii() and number.lstrip("-").isdigit() and len(number) < 100:
        answers += [
            browser.put(answer_path(desk, 0), json={**GIVE, "version": int(number)}),
            browser.put(answer_path(desk, 0), json={**GIVE, "comments": [int(number)]}),
            browser.post(f"{answer_path(desk, 0)}/undo", json={"version": int(number)}),
            browser.put("/api/items/1.1b/comments/1", json={**text, "version": int(number)}),
        ]
    assert {answered.status_code for answered in answers} <= {404, 409, 422}


def test_the_token_becomes_a_cookie(page: Served, stranger: httpx.Client) -> None:
    """The cookie is out of reach of scripts and other sites, and is not the token."""
    answered = stranger.get("/enter", params={"token": TOKEN})
    cookie = answered.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}_{page.guard.port}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert stranger.get("/").status_code == 200


def test_headers_forbid_what_the_page_does_not_need(browser: httpx.Client) -> None:
    """Every answer tells the browser to run our scripts alone and to fetch from us alone."""
    for path in ("/", "/item/1.1b", "/static/item.js", "/api/items", "/enter", "/nowhere"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_pages_hold_no_inline_script(browser: httpx.Client) -> None:
    """The pages need no exception from the policy."""
    for path in ("/", "/item/1.1b"):
        for tag, attributes in Tags(browser.get(path).text).found:
            assert tag != "script" or attributes["src"].startswith("/static/")
            assert "style" not in attributes
            assert not any(name.startswith("on") for name in attributes)


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:{port}",
        "127.0.0.1:1",
        "127.0.0.1.evil.test:{port}",
        "127.0.0.1",
        "[",
        "a@127.0.0.1:{port}",
    ],
)
def test_no_answer_by_another_name(page: Served, browser: httpx.Client, host: str) -> None:
    """A foreign name that points here is refused, cookie or not."""
    named = host.format(port=page.guard.port)
    assert browser.get("/", headers={"host": named}).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.test",
        "http://127.0.0.1:1",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.test",
    ],
)
def test_no_change_from_another_origin(
    page: Served, browser: httpx.Client, desk: Desk, store: Store, origin: str
) -> None:
    """Only our own page changes anything."""
    headers = {"origin": origin.format(port=page.guard.port)}
    assert browser.put(answer_path(desk), json=GIVE, headers=headers).status_code == 403
    assert not store.hand_scores()


def test_no_change_by_a_form(browser: httpx.Client, desk: Desk, store: Store) -> None:
    """What a form of another site can send is no change."""
    body = json.dumps(GIVE).encode()
    headers = {"content-type": "text/plain"}
    assert browser.put(answer_path(desk), content=body, headers=headers).status_code == 415
    assert browser.get(answer_path(desk) + "/undo").status_code == 405
    assert not store.hand_scores()


def test_no_body_without_end(browser: httpx.Client, desk: Desk) -> None:
    """A body that is too long, or does not say how long it is, is not read."""
    headers = {"content-type": "application/json"}
    long = b" " * (MAX_BODY + 1)
    assert browser.put(answer_path(desk), content=long, headers=headers).status_code == 413
    unknown = iter([b"{}"])
    assert browser.put(answer_path(desk), content=unknown, headers=headers).status_code == 413


def test_give_and_undo(browser: httpx.Client, desk: Desk, store: Store) -> None:
    """What a browser gives is in the store, and taken back again."""
    saved = browser.put(answer_path(desk), json=GIVE).json()
    assert (saved["given"]["total"], saved["given"]["grader"]) == (5, "Ada")
    assert store.hand_scores("student-000")[0].points == 5
    undone = browser.post(answer_path(desk) + "/undo", json={"version": 1}).json()
    assert undone["given"] is None
    assert not store.hand_scores()


def test_conflict_shows_the_other_score(browser: httpx.Client, desk: Desk, store: Store) -> None:
    """Who was slower is told what is there now."""
    browser.put(answer_path(desk), json=GIVE)
    assert store.hand_scores()
    answered = browser.put(answer_path(desk), json=GIVE | {"points": 1})
    assert answered.status_code == 409
    told = answered.json()
    assert told["current"]["total"] == 5
    assert told["message"] == (
        "Ada has given 5 points since you have read it; look at it and decide again"
    )


def test_refusals_name_nobody(browser: httpx.Client, desk: Desk, store: Store) -> None:
    """What can't be given or taken back says nothing about whose answer it is."""
    path = answer_path(desk)
    refused = [
        browser.put(path, json=GIVE | {"points": 99}),
        browser.put(path, json=GIVE | {"comments": [99]}),
        browser.put(path, json=GIVE | {"version": 7}),
        browser.post(path + "/undo", json={"version": 7}),
    ]
    assert [answered.status_code for answered in refused] == [422, 422, 409, 422]
    assert not any("student-" in answered.text for answered in refused)
    assert not store.hand_scores()


@pytest.mark.parametrize(
    "change",
    [
        {"points": -1},
        {"points": "x"},
        {"points": 1e9},
        {"version": -1},
        {"criteria": {"9": 1}},
        {"comments": [99]},
        {"slot": "Bob"},
        {"unknown": 1},
    ],
)
def test_give_nonsense(browser: httpx.Client, desk: Desk, store: Store, change: Any) -> None:
    """Nonsense is refused with a reason, and changes nothing."""
    answered = browser.put(answer_path(desk), json=GIVE | change)
    assert answered.status_code == 422
    assert answered.json()
    assert not store.hand_scores()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_give_no_number(browser: httpx.Client, desk: Desk, store: Store, text: str) -> None:
    """JSON's illegal numbers are no points."""
    body = json.dumps(GIVE).replace('"points": 5', f'"points": {text}')
    headers = {"content-type": "application/json"}
    assert browser.put(answer_path(desk), content=body, headers=headers).status_code == 422
    assert not store.hand_scores()


def test_unknown_things(browser: httpx.Client) -> None:
    """Unknown items, answers and comments are told apart from broken ones."""
    assert browser.get("/api/items/9").status_code == 404
    assert browser.get("/item/9").status_code == 404
    assert browser.get("/api/items/1.1b/answers/none").status_code == 404
    remark = {"text": "x", "points": 0, "version": 1}
    assert browser.put("/api/items/1.1b/comments/99", json=remark).status_code == 422


def test_comments(browser: httpx.Client) -> None:
    """Comments are added and changed; two who change one at the same time are kept apart."""
    added = browser.post("/api/items/1.1b/comments", json={"text": "Nice", "points": 0.5}).json()
    remark = added["remarks"][-1]
    assert (remark["text"], remark["points"]) == ("Nice", 0.5)
    path = f"/api/items/1.1b/comments/{remark['id']}"
    change = {"text": "Nicer", "points": 1, "version": 1}
    assert browser.put(path, json=change).json()["remarks"][-1]["points"] == 1
    assert browser.put(path, json=change).status_code == 409


def test_person(browser: httpx.Client, desk: Desk, store: Store) -> None:
    """Who says who they are gives points under that name."""
    assert not store.hand_scores()
    assert browser.post("/api/person", json={"name": " Bob Ünicode; "}).status_code == 200
    saved = browser.put(answer_path(desk), json=GIVE).json()
    assert saved["given"]["grader"] == "Bob Ünicode;"
    assert browser.post("/api/person", json={"name": "a\nb"}).status_code == 422


def test_answers_of_an_attacker_are_harmless(browser: httpx.Client, desk: Desk) -> None:
    """Neither the answer nor the whole hand-in brings a script, a handler or a frame."""
    shown = browser.get(answer_path(desk, 3)).json()["html"]
    shown += browser.get(answer_path(desk, 3) + "/whole").text
    found = Tags(shown).found
    assert not {"script", "svg", "iframe", "form", "input", "style", "base", "meta", "maction"} & {
        tag for tag, _ in found
    }
    for _, attributes in found:
        assert not any(name.startswith("on") or name in {"id", "style"} for name in attributes)
        assert "javascript:" not in attributes.get("href", "")


def test_names_are_told_when_asked_for(browser: httpx.Client, desk: Desk) -> None:
    """Neither the row of answers nor an answer names anybody until names are asked for."""
    silent = browser.get("/api/items/1.1b").text + browser.get(answer_path(desk)).text
    assert "student-0" not in silent
    assert "Person 0" not in silent
    assert "Person 0" in browser.get(answer_path(desk), params={"named": True}).text


def test_font_is_served(browser: httpx.Client) -> None:
    """The font for formulas comes from here."""
    answered = browser.get("/font/math.ttf")
    assert answered.status_code == 200
    assert answered.content[:4] == b"\0\1\0\0"


@pytest.mark.parametrize(
    ("host", "known"),
    [("10.0.0.7:8000", True), ("[::1]:8000", True), ("evil.test:8000", False), ("box:8000", True)],
)
def test_guard_for_other_machines(host: str, *, known: bool) -> None:
    """Where other machines are let in, they come by number or by a name that was told."""
    assert Guard(TOKEN, frozenset({"*", "box"}), PORT).knows_host(host) is known


def test_door_address() -> None:
    """The address that is printed opens the door."""
    guard = Guard("a b&c", frozenset(), PORT)
    assert door_address(guard, "127.0.0.1") == "http://127.0.0.1:8000/enter?token=a%20b%26c"
    assert door_address(guard, "::1").startswith("http://[::1]:8000/")
