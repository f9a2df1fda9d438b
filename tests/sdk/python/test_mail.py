"""Mail by SMTP, to a server that nobody here wrote: TLS, a name and a password, and what follows where one of them is wrong."""

import contextlib
import email
import json
import re
import socket
import ssl
import subprocess
import uuid

import httpx2
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from scripted import Scripted
from service import PASSWORD, Service, environment, wait_until

USER, SECRET = "assisters@mail.example", "p@ss/word:1"
LOGIN = "assisters%40mail.example:p%40ss%2Fword%3A1"
FROM = "Assisters <assisters@mail.example>"
VERIFY = "Verify your e-mail address"


class Inbox:
    """Takes mail from who knows the password, and keeps what passed."""

    def __init__(self):
        self.mails: list[email.message.Message] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 taken"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        knows = (data.login, data.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=knows, handled=False)

    def to(self, address: str, subject: str):
        return [mail for mail in self.mails if mail["To"] == address and mail["Subject"] == subject]


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> tuple[ssl.SSLContext, str]:
    """A certificate for localhost, and the file of who vouches for it."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context, str(file)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(inbox: Inbox, **settings):
    # Of TLS it knows STARTTLS alone: where a connection begins with TLS, it would let nobody log in.
    settings = {"authenticator": inbox.authenticate, "auth_required": True, "auth_require_tls": "tls_context" in settings} | settings
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **settings)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Site:
    """A service that mails, and a stranger at its door."""

    def __init__(self, service: Service):
        self.service = service

    def post(self, path: str, **fields) -> httpx2.Response:
        headers = {"Origin": self.service.url, "Accept": "text/html"}
        return httpx2.post(self.service.url + path, data=fields, headers=headers, follow_redirects=False)

    def sign_up(self) -> str:
        address = f"{uuid.uuid4().hex[:12]}@example.com"
        answer = self.post("/api/sign-up", email=address, password=PASSWORD)
        assert answer.headers["Location"] == "/check-mail?for=sign-up"
        return address

    def shell(self, *words: str) -> str:
        program = [environment("ASSISTERS_PROGRAM"), *words]
        done = subprocess.run(program, capture_output=True, text=True, timeout=60, env=self.service.settings)
        return done.stdout + done.stderr

    def outbox(self) -> list[dict]:
        return json.loads(self.shell("admin", "mail", "list", "--json"))

    def failed_once(self) -> dict:
        return wait_until(lambda: (mail := self.outbox()[0])["last_error"] and mail, "the mail was tried")

    def mail_check(self) -> dict:
        checks = json.loads(self.shell("doctor", "--json"))["checks"]
        return next(check for check in checks if check["name"] == "mail")


@contextlib.contextmanager
def site(tmp_path, url: str, ca: str | None):
    data = tmp_path / "data"
    data.mkdir()
    with Scripted() as worker:
        service = Service(data, worker.url)
        service.settings |= {"ASSISTERS_SMTP_URL": url, "ASSISTERS_MAIL_FROM": FROM}
        if ca:
            service.settings["SSL_CERT_FILE"] = ca
        with service.running():
            yield Site(service)
    log = (tmp_path / "service.log").read_text()
    assert SECRET not in log and LOGIN not in log and "token=" not in log


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_mail_goes_by_tls_and_its_link_verifies_the_address(tmp_path, authority, scheme):
    context, ca = authority
    tls = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    inbox = Inbox()
    with server(inbox, **tls) as port, site(tmp_path, f"{scheme}://{LOGIN}@localhost:{port}", ca) as here:
        address = here.sign_up()
        (mail,) = wait_until(lambda: inbox.to(address, VERIFY), "the mail has come")
        assert inbox.logins == [(USER.encode(), SECRET.encode())]
        assert mail["From"] == FROM and mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "text/plain" and mail["Date"] and mail["Message-ID"]
        text = mail.get_payload(decode=True).decode()
        (link,) = re.findall(r"http\S+token=\S+", text)
        refused = here.post("/api/sign-in", email=address, password=PASSWORD)
        assert "set-cookie" not in refused.headers
        assert httpx2.get(link).status_code == 200
        done = here.post("/api/verify-email", token=link.split("token=")[1])
        assert done.headers["Location"] == "/sign-in?verified"
        entered = here.post("/api/sign-in", email=address, password=PASSWORD)
        assert entered.headers["Location"] == "/" and "set-cookie" in entered.headers
        wait_until(lambda: here.outbox()[0]["state"] == "sent", "the outbox knows it")
        assert here.mail_check()["state"] != "failed"


def test_a_wrong_password_is_told_to_the_operator_and_the_mail_waits(tmp_path, authority):
    context, ca = authority
    inbox = Inbox()
    with server(inbox, ssl_context=context) as port, site(tmp_path, f"smtps://{USER.replace('@', '%40')}:wrong@localhost:{port}", ca) as here:
        here.sign_up()
        mail = here.failed_once()
        assert mail["state"] == "waiting" and "535" in mail["last_error"]
        assert here.mail_check()["state"] == "failed"
    assert not inbox.mails


def test_a_server_that_nobody_vouches_for_is_told_nothing(tmp_path, authority):
    context, _ = authority
    inbox = Inbox()
    with server(inbox, ssl_context=context) as port, site(tmp_path, f"smtps://{LOGIN}@localhost:{port}", None) as here:
        here.sign_up()
        assert here.failed_once()["state"] == "waiting"
        assert here.mail_check()["state"] == "failed"
    assert not inbox.mails and not inbox.logins


def test_a_server_without_starttls_is_told_nothing(tmp_path):
    inbox = Inbox()
    with server(inbox) as port, site(tmp_path, f"smtp://{LOGIN}@localhost:{port}", None) as here:
        here.sign_up()
        assert here.failed_once()["state"] == "waiting"
    assert not inbox.mails and not inbox.logins


def test_what_waited_for_a_server_is_sent_when_it_is_back(tmp_path):
    inbox, port = Inbox(), free_port()
    with site(tmp_path, f"smtp://127.0.0.1:{port}?tls=none", None) as here:
        address = here.sign_up()
        mail = here.failed_once()
        controller = Controller(inbox, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            assert mail["id"] in here.shell("admin", "mail", "retry", mail["id"])
            wait_until(lambda: inbox.to(address, VERIFY), "the mail has come")
        finally:
            controller.stop()
