"""Sources: every document read once, and whatever cannot be read told with its place and its remedy."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document, Skipped
from simsearch.corpus import lines as lines_of
from simsearch.corpus.sources import SourceNotFound, count_bytes, read

TEXT = "今天天气很好。\n我们去公园散步。\n"
COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress, "": lambda data: data}


def documents(*sources: Path | str, per_line: bool = False) -> list[Document]:
    found = list(read(map(str, sources), per_line=per_line))
    assert all(isinstance(item, Document) for item in found), found
    return found


def skipped(*sources: Path | str, per_line: bool = False) -> list[Skipped]:
    return [item for item in read(map(str, sources), per_line=per_line) if isinstance(item, Skipped)]


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def in_a_process(code: str, *arguments: str, stdin: bytes = b"") -> list[list[str]]:
    """Read in a process of its own, which is killed if it hangs; return [kind, id or source, text or reason]."""
    code = (
        "import json, sys; from simsearch.corpus import Document; from simsearch.corpus.sources import read\n"
        f"for item in {code}:\n"
        "    row = [item.id, item.text] if isinstance(item, Document) else [item.source, item.reason]\n"
        "    print(json.dumps([type(item).__name__, *row]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], input=stdin, capture_output=True, check=True, timeout=30
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# Files and folders


def test_a_file_is_one_document_named_after_it(tmp_path):
    (found,) = documents(write(tmp_path / "天气.txt", TEXT))
    assert (found.id, found.text, found.title) == ("天气.txt", TEXT, "")
    assert found.source.endswith("天气.txt")


def test_a_later_reading_has_a_later_sequence(tmp_path):
    path = write(tmp_path / "a.txt", TEXT)
    (first,), (second,) = documents(path), documents(path)
    assert first.sequence <= second.sequence


def test_a_folder_is_read_in_order_with_ids_that_begin_with_its_name(tmp_path):
    for name in ("乙.txt", "甲.md", "b/2.txt", "b/10.txt", "a/z.txt"):
        write(tmp_path / "docs" / name, name)
    ids = [found.id for found in documents(tmp_path / "docs")]
    assert ids == ["docs/乙.txt", "docs/甲.md", "docs/a/z.txt", "docs/b/10.txt", "docs/b/2.txt"]
    assert [found.id for found in documents(f"{tmp_path}/docs/")] == ids


def test_a_folder_has_the_same_ids_from_inside(tmp_path, monkeypatch):
    write(tmp_path / "docs" / "a.txt", TEXT)
    monkeypatch.chdir(tmp_path / "docs")
    assert [found.id for found in documents(".")] == ["docs/a.txt"]


def test_hidden_files_and_folders_are_left_out(tmp_path):
    for name in (".a.txt", ".git/b.txt", "c.txt", "d/.e.txt"):
        write(tmp_path / name, TEXT)
    assert [Path(found.id).name for found in documents(tmp_path)] == ["c.txt"]


def test_other_types_are_passed_over_in_a_folder_and_refused_when_named(tmp_path):
    picture = write(tmp_path / "图.png", b"\x89PNG")
    write(tmp_path / "a.txt", TEXT)
    (inside,) = skipped(tmp_path)
    (named,) = skipped(picture)
    assert "图.png" in inside.source
    assert not inside.failed
    assert named.failed
    assert ".txt" in named.reason


def test_endings_may_be_in_capitals(tmp_path):
    assert documents(write(tmp_path / "A.TXT", TEXT))[0].text == TEXT


def test_the_heading_of_markdown_is_the_title(tmp_path):
    assert documents(write(tmp_path / "a.md", "\n# 怎样睡得好\n\n早睡。"))[0].title == "怎样睡得好"
    assert documents(write(tmp_path / "b.md", "早睡。\n# 后面"))[0].title == ""
    assert documents(write(tmp_path / "c.txt", "# 不是标题"))[0].title == ""


def test_a_source_that_does_not_exist_is_told_before_anything_is_read(tmp_path):
    there = write(tmp_path / "a.txt", TEXT)
    with pytest.raises(SourceNotFound, match="没有"):
        next(read([str(there), str(tmp_path / "没有")]))


def test_an_empty_file_is_an_empty_document(tmp_path):
    assert [found.text for found in documents(write(tmp_path / "a.txt", b""))] == [""]
    assert documents(write(tmp_path / "a.jsonl", b"\n \n")) == []
    assert documents(write(tmp_path / "b.txt", b""), per_line=True) == []


def test_one_document_a_line(tmp_path):
    path = write(tmp_path / "a.txt", "甲\n\n  乙  \r\n丙")
    assert [(found.id, found.text) for found in documents(path, per_line=True)] == [
        ("a.txt:1", "甲"),
        ("a.txt:3", "乙"),
        ("a.txt:4", "丙"),
    ]


def test_the_bytes_of_a_folder_are_counted(tmp_path):
    write(tmp_path / "a.txt", b"12345")
    write(tmp_path / "b/c.txt", b"123")
    assert count_bytes([str(tmp_path), str(tmp_path / "a.txt")]) == 13


def test_bytes_that_cannot_be_known_beforehand_are_not_guessed(tmp_path):
    write(tmp_path / "a.txt", b"12345")
    assert count_bytes([str(tmp_path), "-"]) == 0
    write(tmp_path / "b.txt.gz", b"123")
    assert count_bytes([str(tmp_path)]) == 0


# Encodings


@given(st.lists(st.text("长城。ab \u0301", min_size=1).map(str.strip).filter(bool)), st.integers(4, 60))
def test_a_long_line_of_a_corpus_is_read_in_pieces(lines, longest):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_of, "LONGEST_PIECE", longest)
        found = documents(write(Path(folder, "a.txt"), "\n".join(lines).encode()), per_line=True)
    assert all(len(document.text.encode()) < 2 * longest for document in found)
    for number, line in enumerate(lines, 1):
        pieces = [document.text for document in found if document.id == f"a.txt:{number}"]
        assert "".join(pieces).replace(" ", "") == line.replace(" ", "")
        assert len(pieces) == 1 or len(line.encode()) >= longest - 1


@pytest.mark.parametrize("ending", [".gz", ".xz"])
@pytest.mark.parametrize("per_line", [False, True])
def test_a_compressed_file_says_the_same(tmp_path, ending, per_line):
    plain = write(tmp_path / "1/a.txt", TEXT)
    packed = write(tmp_path / f"2/a.txt{ending}", COMPRESS[ending](TEXT.encode()))
    both = [[found.text for found in documents(path, per_line=per_line)] for path in (plain, packed)]
    assert both[0] == both[1] != []


@pytest.mark.parametrize("ending", [".gz", ".xz"])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_compressed_file_cut_short_is_told(tmp_path, ending, name):
    lines = "".join(json.dumps({"text": os.urandom(20).hex()}) + "\n" for _ in range(2_000))
    write(tmp_path / "z.txt", TEXT)
    write(tmp_path / f"{name}{ending}", COMPRESS[ending](lines.encode())[:-2_000])
    (told,) = skipped(tmp_path)
    assert told.failed
    assert name in told.source
    assert any(isinstance(item, Document) and item.id.endswith("z.txt") for item in read([str(tmp_path)]))


@pytest.mark.parametrize("ending", [".gz", ".xz"])
@pytest.mark.parametrize(
    "data", [b"", b"no archive at all", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\xff" * 99]
)
def test_what_only_looks_compressed_is_told_or_empty(tmp_path, ending, data):
    found = list(read([str(write(tmp_path / f"a.txt{ending}", data))]))
    assert all(isinstance(item, Skipped) or item.text == "" for item in found)
    assert len(found) == 1


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path, name):
    data = TEXT if name == "a.txt" else json.dumps({"text": TEXT})
    assert documents(write(tmp_path / name, b"\xef\xbb\xbf" + data.encode()))[0].text == TEXT


def test_gbk_is_refused_with_its_place_and_the_remedy(tmp_path):
    (whole,) = skipped(write(tmp_path / "a.txt", b"abc" + TEXT.encode("gbk")))
    assert "byte 3" in whole.reason
    assert "--encoding" in whole.reason
    (line,) = skipped(write(tmp_path / "b.jsonl", '{"text": "好"}\n'.encode() + '{"text": "好"}\n'.encode("gbk")))
    assert "line 2" in line.source + line.reason
    assert "byte 10" in line.reason
    (one,) = skipped(write(tmp_path / "c.txt", TEXT.encode() + TEXT.encode("gbk")[:15]), per_line=True)
    assert "line 3" in one.source + one.reason


def test_binary_data_is_refused(tmp_path):
    (told,) = skipped(write(tmp_path / "a.txt", b"ab\0cd"))
    assert "binary" in told.reason


# JSON lines


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "好"',
        "好",
        "[]",
        '"好"',
        "null",
        '{"id": 1}',
        '{"text": null}',
        '{"text": NaN}',
        '{"text": 5}',
        '{"text": ["好"]}',
        '{"text": "好", "metadata": []}',
        '{"text": "好", "metadata": "x"}',
        '{"text": "\\uzzzz"}',
        "[" * 100_000,
        '{"text": "好", "metadata": {"a": ' + "[" * 900 + "]" * 900 + "}}",
        '{"text": "好", "metadata": ' + '{"a":' * 100_000 + "1" + "}" * 100_001,
    ],
    ids=lambda line: line[:30],
)
def test_a_broken_line_is_told_and_the_rest_is_read(tmp_path, line):
    path = write(tmp_path / "a.jsonl", f'{{"text": "甲"}}\n{line}\n{{"text": "丙"}}\n')
    found = list(read([str(path)]))
    assert [item.text for item in found if isinstance(item, Document)] == ["甲", "丙"]
    (told,) = [item for item in found if isinstance(item, Skipped)]
    assert told.failed
    assert "line 2" in told.source + told.reason
    assert "a.jsonl" in told.source
    assert len(told.reason) < 400


def test_a_line_gives_what_it_says(tmp_path):
    row = {"id": "7", "text": "好", "title": "题", "metadata": {"年": 2024, "价": {"元": 1.5}}, "other": [1]}
    (found,) = documents(write(tmp_path / "a.jsonl", json.dumps(row)))
    assert (found.id, found.text, found.title, found.metadata) == ("7", "好", "题", row["metadata"])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_do_not_get_into_the_metadata(tmp_path, value):
    path = write(tmp_path / "a.jsonl", f'{{"text": "好", "metadata": {{"价": {value}}}}}\n{{"text": "乙"}}')
    found = list(read([str(path)]))
    assert len(found) == 2
    for item in found:
        if isinstance(item, Document):
            json.dumps(item.metadata, allow_nan=False)


def test_metadata_of_a_hundred_levels_are_read_and_of_one_more_are_told(tmp_path):
    rows = ['{"text": "好", "metadata": ' + '{"a": ' * levels + "1" + "}" * levels + "}" for levels in (100, 101)]
    read_well, told = list(read([str(write(tmp_path / "a.jsonl", "\n".join(rows)))]))
    assert isinstance(read_well, Document)
    assert "more than 100 levels" in told.reason


#: What lines are made of that are none, or nearly some.
PIECES = [
    '{"text": "长城"',
    "}",
    '"',
    "{",
    "[",
    "]",
    ',"id":',
    ',"metadata":{"价":',
    "NaN",
    "1e999",
    "null",
    " ",
    "\ufeff",
]
bits = st.sampled_from([piece.encode() for piece in PIECES]) | st.sampled_from(
    [b"\xff", b"\0", b"\\ud800", b"\r", b","]
)
any_lines = st.lists(
    st.lists(bits | st.binary(max_size=3).map(lambda data: data.replace(b"\n", b"")), max_size=6).map(b"".join),
    max_size=8,
)


@given(any_lines, st.sampled_from([".jsonl", ".csv", ".tsv"]))
def test_each_line_of_any_bytes_is_a_document_or_told_with_its_number(lines, ending):
    quoted = ending != ".jsonl" and any(mark in line for line in lines for mark in (b'"', b"\r"))
    with TemporaryDirectory() as folder:
        path = write(Path(folder, f"行{ending}"), b"\n".join([b"" if ending == ".jsonl" else b"text", *lines]))
        found = list(read([str(path)]))
    assert all(item.failed and item.reason for item in found if isinstance(item, Skipped))
    told = [int(item.source.rpartition(" ")[2]) for item in found]
    blank = [not line.decode("utf-8-sig", "replace").strip() if ending == ".jsonl" else not line for line in lines]
    every = [number for number, empty in enumerate(blank, 2) if not empty]
    assert told == (sorted(set(told)) if quoted else every)  # a quoted cell may go over several lines


@pytest.mark.parametrize("name", ["", None])
def test_a_line_without_an_id_is_named_after_its_place(tmp_path, name):
    path = write(tmp_path / "a.jsonl", '{"text": "甲"}\n\n' + json.dumps({"text": "乙", "id": name}))
    assert [found.id for found in documents(path)] == ["a.jsonl:1", "a.jsonl:3"]


def test_a_number_as_id_is_its_digits(tmp_path):
    assert [found.id for found in documents(write(tmp_path / "a.jsonl", '{"text": "甲", "id": 0}'))] == ["0"]


def test_of_a_key_given_twice_one_value_is_taken(tmp_path):
    (found,) = documents(write(tmp_path / "a.jsonl", '{"text": "甲", "text": "乙"}'))
    assert found.text in ("甲", "乙")


def test_a_title_may_be_null_or_a_number(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "甲", "title": null}\n{"text": "乙", "title": 12}')
    assert [found.title for found in documents(path)] == ["", "12"]


# What is no plain file


def test_a_loop_of_links_is_left_and_each_document_read_once(tmp_path):
    write(tmp_path / "a/b/c.txt", TEXT)
    (tmp_path / "a/b/loop").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a/me.txt").symlink_to("me.txt")
    found = list(read([str(tmp_path / "a")]))
    assert [item.id for item in found if isinstance(item, Document)] == ["a/b/c.txt"]
    assert ["me.txt" in item.source for item in found if isinstance(item, Skipped)] == [True]


def test_a_link_to_a_folder_outside_is_not_followed(tmp_path):
    write(tmp_path / "outside/secret.txt", TEXT)
    write(tmp_path / "docs/a.txt", TEXT)
    (tmp_path / "docs/out").symlink_to(tmp_path / "outside", target_is_directory=True)
    found = [item.id for item in read([str(tmp_path / "docs")]) if isinstance(item, Document)]
    assert found == ["docs/a.txt"]


def test_a_link_to_a_file_outside_is_told_and_not_read(tmp_path):
    secret = write(tmp_path / "outside/secret.txt", TEXT)
    write(tmp_path / "docs/a.txt", TEXT)
    (tmp_path / "docs-and-more").mkdir()
    (tmp_path / "docs/b").mkdir()
    for number, target in enumerate((secret, "../../outside/secret.txt", "/etc/passwd", "nowhere")):
        (tmp_path / f"docs/b/{number}.txt").symlink_to(target)
    write(tmp_path / "docs-and-more/b.txt", TEXT)
    (tmp_path / "docs/c.txt").symlink_to(tmp_path / "docs-and-more/b.txt")
    found = list(read([str(tmp_path / "docs")]))
    assert [item.id for item in found if isinstance(item, Document)] == ["docs/a.txt"]
    told = [item for item in found if isinstance(item, Skipped)]
    assert [Path(item.source).name for item in told] == ["c.txt", "0.txt", "1.txt", "2.txt", "3.txt"]
    assert ["link out of the folder" in item.reason for item in told] == [True] * 4 + [False]
    assert all(item.failed for item in told)


def test_a_link_that_is_named_itself_is_followed(tmp_path):
    write(tmp_path / "outside/文.txt", TEXT)
    (tmp_path / "docs").symlink_to(tmp_path / "outside", target_is_directory=True)
    (tmp_path / "a.txt").symlink_to(tmp_path / "outside/文.txt")
    assert [found.text for found in documents(tmp_path / "docs", tmp_path / "a.txt")] == [TEXT, TEXT]


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_a_corpus_that_unpacks_to_a_multiple_is_read_in_pieces(tmp_path, ending):
    """Half a gigabyte in one line, out of some kilobytes, with less memory than that."""
    pytest.importorskip("resource", reason="no limits for memory on this system")
    bomb = write(tmp_path / f"弹.txt{ending}", COMPRESS[ending]("今天天气很好。".encode() * 200_000) * 128)
    assert bomb.stat().st_size < 3_000_000
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))\n"
        "from simsearch.corpus.sources import read\n"
        "print(sum(len(item.text) for item in read(sys.argv[1:], per_line=True)))"
    )
    done = subprocess.run([sys.executable, "-c", code, bomb], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"{7 * 200_000 * 128}\n"), done.stderr


def test_a_link_to_a_file_is_read_under_its_own_name(tmp_path):
    write(tmp_path / "docs/a.txt", TEXT)
    (tmp_path / "docs/b.txt").symlink_to("a.txt")
    assert [found.id for found in documents(tmp_path / "docs")] == ["docs/a.txt", "docs/b.txt"]


def test_a_dangling_link_is_told(tmp_path):
    write(tmp_path / "a.txt", TEXT)
    (tmp_path / "b.txt").symlink_to("nowhere")
    (told,) = skipped(tmp_path)
    assert "b.txt" in told.source
    assert told.failed


def test_files_and_folders_without_permission_are_told():
    with TemporaryDirectory() as made:
        folder = Path(made)
        closed = [write(folder / "关.txt", TEXT), write(folder / "关" / "甲.txt", TEXT).parent]
        write(folder / "开.txt", TEXT)
        folder.chmod(0o755)
        assert len(documents(folder)) == 3  # and Python's own modules are read while that is allowed
        for path in closed:
            path.chmod(0)
        user = os.geteuid()
        os.seteuid(65534 if user == 0 else user)  # root may read everything
        try:
            found = list(read([made]))
        finally:
            os.seteuid(user)
            closed[1].chmod(0o755)
    told = [item for item in found if isinstance(item, Skipped)]
    assert [item.source for item in told] == list(map(str, closed))
    assert [item.name for item in told] == [f"{folder.name}/关.txt", f"{folder.name}/关"]
    assert all("ermission" in item.reason for item in told)
    assert [item.id for item in found if isinstance(item, Document)] == [f"{folder.name}/开.txt"]


def test_a_pipe_in_a_folder_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    write(tmp_path / "b.txt", TEXT)
    pipe, document = in_a_process("read(sys.argv[1:])", str(tmp_path))
    assert pipe[0] == "Skipped"
    assert "a.txt" in pipe[1]
    assert document[0] == "Document"


def test_a_folder_that_looks_like_a_file_is_walked(tmp_path):
    write(tmp_path / "x.txt/a.txt", TEXT)
    assert [found.id for found in documents(tmp_path / "x.txt")] == ["x.txt/a.txt"]


def test_a_name_that_is_no_utf8_is_read(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xb0\xa1.txt")).write_text(TEXT, "utf-8")
    assert [found.text for found in documents(tmp_path)] == [TEXT]


# Standard input


def test_standard_input_is_one_document(tmp_path):
    assert in_a_process("read(['-'])", stdin=TEXT.encode()) == [["Document", "stdin", TEXT]]


def test_standard_input_is_a_document_a_line_for_training():
    found = in_a_process("read(['-'], per_line=True)", stdin=TEXT.encode())
    assert [row[2] for row in found] == TEXT.split()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_json_lines_on_standard_input_are_noticed(mark):
    found = in_a_process("read(['-'])", stdin=mark + '{"text": "甲", "id": "a"}\n{"text": "乙"}\n[]\n'.encode())
    assert [row[:2] for row in found] == [
        ["Document", "a"],
        ["Document", "stdin:2"],
        ["Skipped", "standard input, line 3"],
    ]


def test_gbk_on_standard_input_is_refused():
    ((kind, _, reason),) = in_a_process("read(['-'])", stdin=TEXT.encode("gbk"))
    assert kind == "Skipped"
    assert "--encoding" in reason


def test_nothing_on_standard_input_is_an_empty_document():
    assert in_a_process("read(['-'])") == [["Document", "stdin", ""]]
