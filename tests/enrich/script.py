"""A team's own program: it fills an index and keeps changing it, by elasticsearch-py alone.

`python -m enrich.script URL NAME SEED CHANGES PAUSE`, with seconds between two changes.

Which changes it makes depends on the seed only, so a second index becomes the same.
"""

from __future__ import annotations

import random
import sys
import time

from elasticsearch import ApiError, ConflictError, ConnectionError, Elasticsearch, helpers

from enrich.notices import notice

#: Documents at the beginning.
FIRST = 600
#: As somebody else may write a document between its reading and its writing, an update asks to be done again.
AGAIN = {"retry_on_conflict": 10}


def main(url: str, name: str, seed: int, changes: int, pause: float) -> None:
    """Make the index, fill it, and change it so many times."""
    chance = random.Random(seed)
    server = Elasticsearch(url, request_timeout=60, max_retries=0)
    server.indices.create(index=name, settings={"number_of_shards": 2, "number_of_replicas": 0})
    ids = [str(number) for number in range(FIRST)]
    rows = [{"_index": name, "_id": id, "_source": notice(chance, int(id))} for id in ids]
    helpers.bulk(server, rows, refresh=True)
    print("filled", flush=True)
    for number in range(changes):
        try:
            change(server, name, chance, ids, number)
            time.sleep(pause)
        except (ConnectionError, ApiError) as error:  # the node was killed
            print(error, file=sys.stderr)
            time.sleep(1)
    server.indices.refresh(index=name)
    print("done", flush=True)


def change(server: Elasticsearch, name: str, chance: random.Random, ids: list[str], number: int) -> None:
    """Make one change."""
    kind = chance.choice(["insert", "write", "update", "views", "delete", "external", "routed"])
    id = chance.choice(ids)
    if kind == "insert":
        ids.append(f"新/{number}")
        server.index(index=name, id=ids[-1], document=notice(chance, number))
    elif kind == "write":
        server.index(index=name, id=id, document=notice(chance, number))
    elif kind == "update":
        server.update(index=name, id=id, doc={"title": f"改{number}"}, doc_as_upsert=True, **AGAIN)
    elif kind == "views":
        server.update(index=name, id=id, doc={"views": number}, doc_as_upsert=True, **AGAIN)
    elif kind == "delete" and len(ids) > FIRST // 2:
        ids.remove(id)
        server.options(ignore_status=404).delete(index=name, id=id)
    elif kind == "external":
        ids.append(f"外-{number}")
        for version in (7, 5, 9):
            try:
                body = notice(chance, number)
                server.index(index=name, id=ids[-1], version=version, version_type="external", document=body)
            except ConflictError:
                continue
    elif kind == "routed":
        ids.append(f"路-{number}")
        server.index(index=name, id=ids[-1], routing=str(number % 5), document=notice(chance, number))
        ids.pop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
