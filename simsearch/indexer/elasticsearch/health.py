"""Is a server fit, and an index on it in order? What is not comes with what to do."""

from __future__ import annotations

from collections.abc import Iterator

from simsearch.indexer.elasticsearch import creation, generations, load, mapping, queries
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, path_of
from simsearch.indexer.elasticsearch.creation import Opened
from simsearch.indexer.elasticsearch.owner import of as owner_of
from simsearch.indexer.engine import Check

#: The oldest version that has all that is asked of it.
OLDEST = (8, 19)
_BLOCKS = ("read_only_allow_delete", "read_only", "write", "read", "metadata")


def version(connection: Connection) -> tuple[int, ...]:
    """Return the server's version."""
    told = connection.ask("GET", "/")["version"]["number"]
    return tuple(int(part) for part in told.split("-")[0].split(".") if part.isdigit())


def checks(connection: Connection, address: Address) -> Iterator[Check]:
    """Look at the server, then at the index."""
    found = version(connection)
    told = ".".join(map(str, found))
    yield Check("address", True, address.url)
    yield Check("version", found >= OLDEST, told if found >= OLDEST else f"{told}: install 8.19 or newer")
    opened = creation.find(connection, address)
    health = _health(connection, opened)
    yield health
    yield _mapping(opened, address)
    yield _blocks(opened)
    yield _refresh(opened)
    yield from _generations(connection, address, opened)
    if not health.ok:  # nothing can be searched
        return
    yield _fields(connection, address)


def _health(connection: Connection, opened: Opened) -> Check:
    told = connection.ask("GET", path_of("_cluster", "health", opened.name))
    status = told["status"]
    away = told["unassigned_shards"]
    if status == "red":
        return Check("health", False, f"red, {away} shards without a copy: bring back the nodes that hold them")
    if status == "yellow":
        remedy = "add a node, or have a copy tried again by POST /_cluster/reroute?retry_failed=true"
        return Check("health", True, f"yellow, {away} replicas not assigned, so a lost node loses documents: {remedy}")
    return Check("health", True, str(status))


def _mapping(opened: Opened, address: Address) -> Check:
    """Compare the mapping with what simsearch makes, and the aliases with what they should be."""
    owner = owner_of(opened.meta)
    wanted = address.write_alias(opened.model)
    if owner and owner.in_place:
        expected = mapping.in_place(opened.model, opened.dimensions)
    elif wanted in opened.aliases:
        expected = mapping.mapping(opened.model, opened.dimensions)["properties"]
    else:
        return Check("mapping", False, f"the alias {wanted} is missing, so nothing can be written: add it to the index")
    strange = sorted(_differences(expected, opened.properties))
    if strange:
        return Check("mapping", False, f"{', '.join(strange)} are not as simsearch makes them: index into a new name")
    options = opened.properties["simsearch"]["properties"]["vector"]["index_options"]["type"]
    return Check("mapping", True, f"{opened.name}, vectors {options}")


def _differences(expected: dict[str, object], found: object, above: str = "") -> Iterator[str]:
    for name, field in expected.items():
        here = found.get(name) if isinstance(found, dict) else None
        kind = field.get("type") if isinstance(field, dict) else None
        if not isinstance(here, dict) or (kind not in (None, "object") and here.get("type") != kind):
            yield above + name
        elif isinstance(field, dict) and isinstance(field.get("properties"), dict):
            yield from _differences(field["properties"], here.get("properties"), f"{above}{name}.")


def _blocks(opened: Opened) -> Check:
    found = [name for name in _BLOCKS if opened.settings.get(f"index.blocks.{name}") == "true"]
    if not found:
        return Check("blocks", True, "none")
    remedy = "make room on the disk" if found == ["read_only_allow_delete"] else "take the setting back"
    return Check("blocks", False, f"index.blocks.{found[0]} is set: {remedy}")


def _refresh(opened: Opened) -> Check:
    interval = opened.settings.get("index.refresh_interval", "1s")
    if not load.is_raised(opened):
        return Check("refresh", True, f"new documents are found after {interval}")
    remedy = "if none is going on, one was killed: run `simsearch index` once more"
    return Check("refresh", False, f"raised to {interval} by a load; {remedy}")


def _generations(connection: Connection, address: Address, opened: Opened) -> Iterator[Check]:
    """Say which indices of other models there are."""
    for name in generations.names(connection, address):
        if name == opened.name:
            continue
        if opened.meta.get(generations.FROM) == name:
            remedy = f"its last writes are not taken over: run `simsearch reindex --model {opened.model}` again"
            yield Check("generations", False, f"{name}: {remedy}")
        else:
            told = f"{name} is kept from an earlier model, or begun for another one"
            yield Check("generations", True, f"{told}: `simsearch reindex --drop-old` removes it")


def _fields(connection: Connection, address: Address) -> Check:
    (counted,) = connection.search(address.name, [queries.states()])
    ignored = counted["aggregations"]["ignored"]["doc_count"]
    found = f"{ignored:,} documents have values that cannot be asked for: too many names, or too long"
    return Check("metadata", True, found if ignored else "all can be asked for")
