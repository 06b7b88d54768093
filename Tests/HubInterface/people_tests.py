"""Logging in."""
from hosts import eventually
from testing import equal, holds, test

FORM = "application/x-www-form-urlencoded"


@test
def logs_in(scene):
    """A signed nonce logs a person in, and logging out ends the session"""
    hub = scene.hub
    dana = hub.caller(scene.dana)
    equal(dana.get("/v1/me").json, {"name": "dana", "may": scene.dana.may, "address": "127.0.0.1", "is_signed": True})
    equal(dana.call("DELETE", "/v1/session").status, 204)
    equal(dana.get("/v1/me").code, "login-required")


@test
def nonce_is_for_one_login(scene):
    """A nonce logs in once, and one that the hub never gave does not"""
    hub = scene.hub
    file = hub.login_file(scene.dana)
    equal(hub.stranger.post("/v1/login", file).status, 200)
    equal(hub.stranger.post("/v1/login", file).code, "used")
    made_up = hub.stranger.post("/v1/login", hub.login_file(scene.dana, nonce="A" * 32))
    holds(400 <= made_up.status < 500, made_up.said)


@test
def login_is_for_one_hub(scene):
    """A login for another hub, by a stranger, or under another namespace is refused"""
    hub = scene.hub
    for url in ["https://hub.example.com", hub.url + "/", hub.url.upper(), hub.url + "@evil.example"]:
        answer = hub.stranger.post("/v1/login", hub.login_file(scene.dana, url=url))
        holds(400 <= answer.status < 500, f"{url}: {answer.said}")
    stranger = hub.stranger.post("/v1/login", hub.login_file(scene.mallory))
    holds(stranger.status in (400, 403), stranger.said)
    text = hub.login_file(scene.dana).partition(b"-----BEGIN")[0]
    other = hub.stranger.post("/v1/login", text + scene.dana.sign(text, "jitgate-request"))
    holds(other.status in (400, 403), other.said)


@test
def link_works_once(scene):
    """A link logs one browser in: to look at it uses nothing up, a second use is refused"""
    hub = scene.hub
    code = hub.session(scene.dana)["link"].partition("code=")[2]
    for _ in range(2):
        page = hub.stranger.get(f"/login?code={code}")
        equal((page.status, page.headers["Set-Cookie"]), (200, None))
    form = f"code={code}"
    first = hub.stranger.post("/login", form, FORM, Origin=hub.url)
    equal((first.status, first.headers["Location"]), (303, "/"))
    cookie = first.headers["Set-Cookie"]
    for part in ["__Host-jitgate=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"]:
        holds(part.lower() in cookie.lower(), f"no {part} in {cookie}")
    holds("domain" not in cookie.lower(), cookie)
    again = hub.stranger.post("/login", form, FORM, Origin=hub.url)
    equal((again.status, again.headers["Set-Cookie"]), (410, None))


@test
def session_is_new(scene):
    """A cookie that somebody set before the login is worth nothing after it"""
    hub = scene.hub
    code = hub.session(scene.dana)["link"].partition("code=")[2]
    fixed = "__Host-jitgate=" + "A" * 43
    answer = hub.stranger.post("/login", f"code={code}", FORM, Origin=hub.url, Cookie=fixed)
    equal(answer.status, 303)
    holds(fixed not in answer.headers["Set-Cookie"], "the session is the one that was set")
    equal(hub.stranger.get("/v1/me", Cookie=fixed).code, "login-required")


@test
def removed_is_out(scene):
    """A person whose line is removed is out with the next call"""
    hub = scene.hub
    flo = hub.caller(scene.flo)
    equal(flo.get("/v1/me").status, 200)
    hub.write_people("flo")
    eventually("flo is out", lambda: flo.get("/v1/me").status == 401)
    hub.write_people()
    eventually("flo may log in again", lambda: hub.stranger.post("/v1/login", hub.login_file(scene.flo)).status == 200)
