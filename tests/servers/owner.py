"""An index that simsearch did not make."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from .answers import ask


class Owner:
    """An index that simsearch did not make."""

    def __init__(self, server: str, name: str = "") -> None:
        self.server, self.name = server, name or f"owner-{secrets.token_hex(4)}"
        self.companion = f"{self.name}-simsearch"
        self.url = f"{server}/{self.name}"

    def make(self, mappings: dict[str, Any], index: str = "", **settings: Any) -> None:
        """Make the index before it is filled."""
        answer = ask(f"{self.server}/{index or self.name}", {"mappings": mappings, "settings": settings}, method="PUT")
        assert answer.status == 200, answer.json

    def fill(
        self, sources: list[dict[str, Any]], ids: Iterable[str] | None = None, index: str = "", action: str = "index"
    ) -> None:
        """Store documents; without `ids` the server makes them."""
        names = [{} for _ in sources] if ids is None else [{"_id": id} for id in ids]
        heads = [{action: {"_index": index or self.name, **name}} for name in names]
        lines = [line for head, source in zip(heads, sources, strict=True) for line in (head, source)]
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        answer = ask(f"{self.server}/_bulk?refresh=true", body)
        assert answer.json["errors"] is False, answer.json

    def delete(self, *ids: str) -> None:
        """Delete documents."""
        for id in ids:
            assert ask(f"{self.url}/_doc/{quote(id, safe='')}?refresh=true", method="DELETE").status == 200

    def everything(self) -> Any:
        """Return what there is to know of the index: settings, mapping, documents with their versions."""
        found = [ask(f"{self.url}/{what}").json for what in ("_settings", "_mapping", "_alias")]
        body = {"size": 10_000, "seq_no_primary_term": True, "version": True, "sort": ["_doc"]}
        return [*found, ask(f"{self.url}/_search", body, method="POST").json["hits"]]

    def remove(self) -> None:
        """Delete the index, and what simsearch has made of it."""
        for kind in ("_data_stream", "_index_template"):
            ask(f"{self.server}/{kind}/{self.name}", method="DELETE")
        listed = ask(f"{self.server}/_cat/indices/{self.name}*?format=json").json
        if names := [row["index"] for row in listed]:
            ask(f"{self.server}/{','.join(names)}", method="DELETE")
