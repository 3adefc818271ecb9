import pytest

from services.registry.entrypoints.csvfile import BadFile, CsvFile

COLUMNS, REQUIRED = ["id", "name", "gas"], ["id", "name"]


def read(body: bytes) -> list[tuple[int, dict[str, str]]]:
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
        (b"id,name\n1\n", 2, "", "1 cells"),
        (b"id,name\n1,2,3\n", 2, "", "3 cells"),
        ("id,name\n1,a\n2,燃气\n".encode("gb18030"), 3, "", "GB18030"),
        ("id,name\n".encode("utf-16"), 1, "", "UTF-16"),
        (b"id,name\n1,\xff\xff\n", 2, "", "not UTF-8"),
        (b'id,name\n1,"a\n', 2, "", "not CSV"),
        ("id,name\n1,燃".encode()[:-1], 2, "", "not UTF-8"),
    ],
)
def test_bad_files(body: bytes, row: int, field: str, word: str) -> None:
    with pytest.raises(BadFile) as error:
        read(body)
    assert (error.value.row, error.value.field) == (row, field)
    assert word in error.value.reason


def test_a_character_may_lie_across_two_blocks() -> None:
    name = "燃" * 800_000
    with pytest.raises(BadFile, match="field larger"):
        read(f"id,name\n1,{name}\n".encode())
    body = "id,name\n" + "".join(f"{n},{'燃' * 30}\n" for n in range(30_000))
    assert len(read(body.encode())) == 30_000
