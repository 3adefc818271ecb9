import pytest

from services.registry.entrypoints.csvfile import BadFile, CsvFile

COLUMNS, REQUIRED = ["id", "name", "gas"], ["id", "name"]


def read(body: bytes) -> list[tuple[int, dict[str, str] | str]]:
    return list(CsvFile(body, COLUMNS, REQUIRED).rows())


def test_rows_count_as_in_a_spreadsheet_and_empty_cells_are_left_out() -> None:
    assert read('name,id\r\n燃气,1\r\n\r\n"a,b",2\r\n'.encode()) == [
        (2, {"name": "燃气", "id": "1"}),
        (4, {"name": "a,b", "id": "2"}),
    ]
    assert read(b"id,name,gas\n1,a,\n") == [(2, {"id": "1", "name": "a"})]


def test_a_file_is_read_again_from_its_start() -> None:
    file = CsvFile(b"id,name\n1,a\n", COLUMNS, REQUIRED)
    assert list(file.rows()) == list(file.rows())


@pytest.mark.parametrize(
    ("body", "row", "field", "word"),
    [
        (b"", 1, "", "empty"),
        (b"id\n", 1, "name", "missing column"),
        (b"id,name,x\n", 1, "x", "unknown column"),
        (b"id,name,id\n", 1, "id", "twice"),
        ("id,name\n1,a\n2,燃气\n".encode("gb18030"), 3, "", "GB18030"),
        ("id,name\n".encode("utf-16"), 1, "", "UTF-16"),
        (b"id,name\n1,\xff\xff\n", 2, "", "not UTF-8"),
        ("id,name\n1,燃".encode()[:-1], 2, "", "not UTF-8"),
    ],
)
def test_bad_files(body: bytes, row: int, field: str, word: str) -> None:
    with pytest.raises(BadFile) as error:
        read(body)
    assert error.value.row == row
    assert [(name, word in reason) for name, reason in error.value.faults] == [(field, True)]


def test_a_bad_row_does_not_hide_the_others() -> None:
    assert read(b'id,name\n1\n2,b\n3,c,d\n4,"e\n') == [
        (2, "1 cells, the header has 2"),
        (3, {"id": "2", "name": "b"}),
        (4, "3 cells, the header has 2"),
        (5, "not CSV: unexpected end of data"),
    ]


def test_all_that_is_wrong_with_the_header_is_said_at_once() -> None:
    with pytest.raises(BadFile) as error:
        read(b"gas,gas,x\n")
    assert error.value.faults == (
        ("id", "missing column"),
        ("name", "missing column"),
        ("x", "unknown column"),
        ("gas", "the column stands here twice"),
    )


def test_a_character_may_lie_across_two_blocks() -> None:
    name = "燃" * 800_000
    assert "field larger" in str(read(f"id,name\n1,{name}\n".encode()))
    body = "id,name\n" + "".join(f"{n},{'燃' * 30}\n" for n in range(30_000))
    assert len(read(body.encode())) == 30_000
