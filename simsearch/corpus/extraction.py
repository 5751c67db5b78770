"""The text of web pages, Word files and PDFs: what a reader would call the text, without menus and layout."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, NamedTuple

from simsearch.corpus.encodings import detect, is_known
from simsearch.errors import SimsearchError
from simsearch.limits import exceeded, limit
from simsearch.packages import load

#: Bytes of a file for each byte of text that is allowed: markup, styles, pictures.
MARKUP = 20
#: Elements inside one another, beyond which a page has no main text: finding it takes the square of their number.
DEEPEST = 500
#: A line of a PDF goes on in the next if it is at least so long, as a share of the longest of its page.
FULL = 0.7
_DECLARED = re.compile(rb"""<meta[^>]{,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
#: Bytes in which a page declares its encoding (HTML Standard, 4.2.5.4).
HEAD = 1024
_WESTERN = re.compile(r"[ -~]\Z")


class Extracted(NamedTuple):
    """What is read of a file."""

    text: str
    title: str = ""


class Unfit(SimsearchError):
    """The file {reason}."""

    reason: str


def extract_text(ending: str, stream: IO[bytes], encoding: str | None) -> Extracted:
    """Return what a file with one of the endings of EXTRACTORS says; the encoding is that of web pages, if known.

    Raises `Unfit`, `PackageMissing`, and what reading and decoding raise.
    """
    try:
        return EXTRACTORS[ending](stream, encoding)
    except (SimsearchError, OSError, EOFError, UnicodeDecodeError):
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
        raise Unfit(reason=f"is no {ending} that can be read ({why}): save it again, or leave it out") from error


def web_page(stream: IO[bytes], encoding: str | None) -> Extracted:
    """Return the main text of a page; all of its text where it has no main one.

    It is in the encoding that is given, else in UTF-8 if it can be, in the one that it declares, or what is certain.

    Raises `UnicodeDecodeError`, `Unfit`.
    """
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    most = MARKUP * limit("document_bytes")
    data = stream.read(most + 1)
    if len(data) > most:
        raise Unfit(reason=exceeded(f"has more than {most:,} bytes", "split it", "document_bytes"))
    text = data.decode(encoding or _encoding(data)).removeprefix("\ufeff")
    if "\0" in text:
        raise Unfit(reason="holds binary data, not a page: leave it out")
    tree = HTMLTree.parse(text)
    take = partial(extract_plain_text, tree, alt_texts=False, links=False, form_fields=False, list_bullets=False)
    main = take(main_content=True) if _depth(tree.body) <= DEEPEST else ""
    return Extracted(main or take(main_content=False), (tree.title or "").strip())


def word_file(stream: IO[bytes], encoding: str | None) -> Extracted:
    """Return the paragraphs and tables of a `.docx`, a line each; the title is that of its first heading.

    Raises `Unfit`, `PackageMissing`.
    """
    docx, tables = load("docx", "documents"), load("docx.table", "documents")
    most = MARKUP * limit("document_bytes")
    with zipfile.ZipFile(stream) as packed:
        size = sum(part.file_size for part in packed.infolist() if part.filename.endswith((".xml", ".rels")))
    if size > most:
        raise Unfit(reason=exceeded(f"unpacks to {size:,} bytes, {most:,} are allowed", "split it", "document_bytes"))
    stream.seek(0)
    document = docx.Document(stream)
    lines: list[str] = []
    title = ""
    for block in document.iter_inner_content():
        if isinstance(block, tables.Table):
            lines += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
            if not title and block.style and block.style.name.startswith(("Title", "Heading", "标题")):
                title = block.text.strip()
    return Extracted("\n".join(lines), title)


def pdf(stream: IO[bytes], encoding: str | None) -> Extracted:
    """Return the text of a PDF, page by page; lines that go on are joined.

    Raises `Unfit`, `PackageMissing`.
    """
    pdfium = load("pypdfium2", "documents")
    with pdfium.PdfDocument(stream) as document:
        text = "\n\n".join(map(_joined, _pages(document)))
    if not text.strip():
        raise Unfit(reason="holds no text, perhaps pictures of pages: let a program read them first (OCR)")
    return Extracted(text)


#: What reads which endings.
EXTRACTORS: dict[str, Callable[[IO[bytes], str | None], Extracted]] = {
    ".html": web_page,
    ".htm": web_page,
    ".docx": word_file,
    ".pdf": pdf,
}


def _encoding(data: bytes) -> str:
    found = detect(data, whole=True)
    declared = _DECLARED.search(data[:HEAD])
    if found in ("utf-8", "utf-16") or not declared:
        return found or "utf-8"  # which raises
    name = declared[1].decode().lower()
    name = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(name, name)
    return name if is_known(name) else found or "utf-8"


def _depth(node: Any) -> int:
    """Return how deep elements are nested, as far as DEEPEST matters."""
    deepest = depth = 0
    while node is not None and deepest <= DEEPEST:
        if node.first_element_child is not None:
            node, depth = node.first_element_child, depth + 1
            deepest = max(deepest, depth)
            continue
        while depth and node.next_element_sibling is None:
            node, depth = node.parent, depth - 1
        node = node.next_element_sibling if depth else None
    return deepest


def _pages(document: Any) -> Iterator[str]:
    """Yield the texts of pages until they are more than a document may have."""
    left = limit("document_bytes")
    for page in document:
        textpage = page.get_textpage()
        text = textpage.get_text_bounded()
        textpage.close()
        page.close()
        yield text
        left -= len(text)
        if left < 0:
            return


def _joined(page: str) -> str:
    """Join lines that go on: Chinese words have no space between, others have."""
    lines = [line.strip() for line in page.splitlines()]
    full = FULL * max(map(len, lines), default=0)
    text = ""
    for line in lines:
        text += line
        if len(line) < full or not line:
            text += "\n"
        elif _WESTERN.search(line):
            text += " "
    return text.rstrip()
