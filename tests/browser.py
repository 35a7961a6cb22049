"""What a person does on the sign-in pages, with a real HTTP client in the browser's place."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx
from support import Person, Service


class Page(HTMLParser):
    """The form of a page, and all its text."""

    def __init__(self, reply: httpx.Response) -> None:
        super().__init__()
        self.reply = reply
        self.fields: dict[str, str] = {}
        self.action = str(reply.url)
        self.text = ""
        self.tags: list[str] = []
        self.labelled: set[str | None] = set()
        self.ids: set[str | None] = set()
        self.feed(reply.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "form":
            self.action = values.get("action") or self.action
        if tag == "label":
            self.labelled.add(values.get("for"))
        if tag == "input":
            self.fields[values["name"] or ""] = values.get("value") or ""
            if values.get("type") != "hidden":
                self.ids.add(values.get("id"))

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Browser:
    """A browser that trusts the service's CA and keeps cookies."""

    service: Service
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = self.service.anonymous()

    def open(self, address: str) -> Page:
        return Page(self.http.get(address))

    def send(self, page: Page, **fields: str) -> Page:
        return Page(self.http.post(page.action, data=page.fields | fields))

    def sign_in(self, address: str, person: Person, **fields: str) -> Page:
        """Open a page, fill in the form, and send it."""
        filled = {"name": person.user, "password": person.password, "answer": "yes"}
        return self.send(self.open(address), **(filled | fields))

    def close(self) -> None:
        self.http.close()
