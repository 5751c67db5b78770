"""How hits are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simsearch.cli import output

if TYPE_CHECKING:
    from rich.text import Text

    from simsearch.indexer import Hit
    from simsearch.indexer.hits import Why
    from simsearch.model.explanation import Pair

#: Pairs of words shown to people and to programs; the others are summed up.
PAIRS_SHOWN, PAIRS_LISTED = 6, 50
#: Characters shown around the first highlight.
SNIPPET = 160


def show(hits: Sequence[Hit], as_json: bool | None, question: str | None = None) -> None:
    """Print hits for people or programs; `question` where several were asked."""
    if not output.for_people(as_json):
        output.lines(_row(question, hit) for hit in hits)
        return
    from rich.padding import Padding

    console = output.console()
    if question is not None:
        console.print(output.plain(question), style="bold underline")
    for number, hit in enumerate(hits, 1):
        console.print(_head(number, hit))
        console.print(Padding(_snippet(hit, console.is_terminal), (0, 0, 0, 4)))
        if hit.why:
            console.print(Padding(_why(hit.why), (0, 0, 0, 4)))
        console.print()


def as_row(hit: Hit) -> dict[str, Any]:
    """Return a hit as plain data."""
    row: dict[str, Any] = {
        "id": hit.id,
        "title": hit.title,
        "score": round(hit.score, 6),
        "ranks": {"words": hit.by_words, "vector": hit.by_vector},
        "tags": hit.tags,
        "metadata": hit.metadata,
        "source": hit.source,
        "passage": {"start": hit.passage.start, "end": hit.passage.end, "text": hit.snippet},
        "highlights": [[span.start, span.end] for span in hit.highlights],
    }
    if hit.why:
        row["explanation"] = {
            "score": hit.score,
            "words": [[pair.a, pair.b, pair.part] for pair in hit.why.words],
            "similarity": hit.why.similarity,
            "similarity_share": hit.why.share,
            "pairs": [[pair.a, pair.b, pair.part] for pair in hit.why.pairs[:PAIRS_LISTED]],
            "other_pairs": {
                "count": len(hit.why.pairs[PAIRS_LISTED:]),
                "part": sum(pair.part for pair in hit.why.pairs[PAIRS_LISTED:]),
            },
            "by_characters": hit.why.by_characters,
            "unknown": hit.why.unknown,
        }
    return row


def _row(question: str | None, hit: Hit) -> dict[str, Any]:
    return as_row(hit) if question is None else {"query": question, **as_row(hit)}


def _head(number: int, hit: Hit) -> Text:
    from rich.text import Text

    name = f"{hit.title}  " if hit.title else ""
    parts = [
        (f"{number:>2}  ", "dim"),
        (f"{hit.score:.3f}  ", "cyan"),
        (output.plain(name), "bold"),
        (output.plain(hit.id), ""),
    ]
    return Text.assemble(*parts, ("  " + output.plain(" ".join(hit.tags[:5])), "green"))


def _snippet(hit: Hit, colours: bool) -> Text:
    from rich.text import Text

    begin = hit.passage.start
    if begin == 0 and hit.title and hit.snippet.startswith("#"):  # the heading is shown above
        body = hit.snippet.partition("\n")[2].lstrip()
        begin = hit.passage.end - len(body)
    first = min((span.start for span in hit.highlights if span.start >= begin), default=begin)
    start = begin if first - begin < SNIPPET // 2 else first - SNIPPET // 4
    end = min(start + SNIPPET, hit.passage.end)
    text = Text("…" * (start > begin))
    position = start
    for span in hit.highlights:
        if start <= span.start and span.end <= end:
            text.append(_line(hit, position, span.start))
            marked = _line(hit, span.start, span.end)
            text.append(marked if colours else f"【{marked}】", style="bold yellow")
            position = span.end
    return text.append(_line(hit, position, end).rstrip() + "…" * (end < hit.passage.end))


def _line(hit: Hit, start: int, end: int) -> str:
    cut = hit.snippet[start - hit.passage.start : end - hit.passage.start]
    return output.plain(cut)


def _why(why: Why) -> Text:
    from rich.text import Text

    told = [f"words {sum(pair.part for pair in why.words):.3f}: {_pairs(why.words)}"] if why.words else []
    if why.share:
        told.append(f"similarity {why.share:.2f} x {why.similarity:.3f}: {_pairs(why.pairs)}")
    return Text("\n".join(map(output.plain, told)), style="dim")


def _pairs(pairs: Sequence[Pair]) -> str:
    shown = [f"{pair.a if pair.a == pair.b else f'{pair.a}~{pair.b}'} {pair.part:+.3f}" for pair in pairs[:PAIRS_SHOWN]]
    rest = pairs[PAIRS_SHOWN:]
    return "  ".join(shown + [f"and {len(rest)} more pairs {sum(pair.part for pair in rest):+.3f}"] * bool(rest))
