"""What a person types finds what they mean, and nothing by the middle of a syllable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.kinds import OPERATOR, SITE
from services.registry.domain.search import Searched, found, searched, words


def operator(name: str, id_: str = "op-1", code: str = "91110000600037341L") -> Searched:
    return searched(
        {"operator_id": id_, "name": name, "credit_code": code}, OPERATOR.searched, OPERATOR.named
    )


def finds(said: str, one: Searched) -> bool:
    return found(words(said), one.text, one.pinyin)


@pytest.mark.parametrize(
    "said",
    [
        "昭通",
        "燃气",
        "ztrq",
        "ZTRQ",
        "trq",
        "zhaotongranqi",
        "ZhaoTong",
        "ranqi",
        "zhao'tong",
        "昭通 有限",
        "yxgs 昭通",
        "OP-1",
        "op",
        "37341l",
        "ｚｔｒｑ",
        "  ztrq  ",
        "",
    ],
)
def test_a_firm_is_found_by(said: str) -> None:
    assert finds(said, operator("昭通燃气有限公司"))


@pytest.mark.parametrize(
    "said", ["曲靖", "qjrq", "hao", "ngran", "tongzhao", "昭通 曲靖", "rtz", "%", "_", "op_1"]
)
def test_a_firm_is_not_found_by(said: str) -> None:
    assert not finds(said, operator("昭通燃气有限公司"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("重庆火锅", "chongqing"),
        ("绿源餐馆", "lvyuan"),
        ("绿源餐馆", "lüyuan"),
        ("LNG 储备站 3 号", "lngcbz3h"),
        ("LNG 储备站 3 号", "chubeizhan3hao"),
        ("O'Neil 餐厅", "o'neil"),
        ("😀小吃", "xiaochi"),
        ("会泽县", "huize"),
    ],
)
def test_names_as_they_are_spelt(name: str, said: str) -> None:
    assert finds(said, operator(name))


def test_a_site_is_found_by_its_address_but_not_by_the_pinyin_of_it() -> None:
    fields = {"site_id": "s1", "name": "小吃店", "address": "珠泉路 8 号"}
    one = searched(fields, SITE.searched, SITE.named)
    assert finds("珠泉路", one)
    assert not finds("zhuquan", one)


def test_at_most_five_words_count() -> None:
    assert words("a b c d e f g") == ("a", "b", "c", "d", "e")


def test_the_longest_name_is_stored_within_bounds() -> None:
    assert len(operator("庄" * 200).pinyin) < 200 * 60


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_can_be_searched_for_in_any_name(name: str, said: str) -> None:
    one = operator(name)
    finds(said, one)
    assert finds(name, one) or len(name.split()) > 5 or not name.isprintable()
