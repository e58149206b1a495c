"""Property values to JSON and back."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts.engine.errors import SecretsError, StateError
from databricks_alerts.engine.events import SIGNATURE_KEY
from databricks_alerts.engine.state import secrets
from databricks_alerts.engine.state.codec import Codec
from databricks_alerts.engine.values import UNKNOWN, Asset, Output, ResourceReference, Secret

SALT = secrets.new_salt("pass")


def codec() -> Codec:
    return Codec(secrets.PassphraseSecrets(SALT, "pass"))


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False).map(lambda x: int(x) if x.is_integer() and abs(x) < 1e21 else x)
    | _texts
    | st.just(UNKNOWN)
    | st.builds(ResourceReference, _texts, st.none() | _texts, _texts)
    | st.builds(
        Asset,
        st.sampled_from(["asset", "archive"]),
        st.dictionaries(st.sampled_from(["text", "path", "hash"]), _texts),
    )
)
_keys = _texts.filter(lambda key: key != SIGNATURE_KEY)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4) | inner.map(Secret)
    ),
    max_leaves=12,
)


@given(_values)
@settings(max_examples=300, deadline=None)
def test_every_value_survives_a_round_trip(value: Any) -> None:
    text = json.dumps(codec().encode(value))
    assert codec().decode(json.loads(text)) == value


@given(_values)
@settings(max_examples=100, deadline=None)
def test_what_was_read_and_not_changed_is_written_byte_for_byte(value: Any) -> None:
    written = json.dumps(codec().encode(value, ("here",)))
    again = codec()
    decoded = again.decode(json.loads(written), ("here",))
    assert json.dumps(again.encode(decoded, ("here",))) == written


def test_a_changed_secret_gets_a_new_ciphertext_and_an_unchanged_one_keeps_its_own() -> None:
    one = codec()
    before = one.encode({"a": Secret("x"), "b": Secret("y")}, ("urn",))
    after = one.encode({"a": Secret("x"), "b": Secret("z")}, ("urn",))
    assert after["a"] == before["a"]
    assert after["b"] != before["b"]


def test_equal_secrets_in_different_places_do_not_share_a_ciphertext() -> None:
    written = codec().encode({"a": Secret("x"), "b": Secret("x")}, ("urn",))
    assert written["a"]["ciphertext"] != written["b"]["ciphertext"]


def test_no_secret_stands_in_the_clear_even_inside_outputs_and_secrets() -> None:
    value = [Secret({"k": Secret("hidden-1")}), Output("hidden-2", ("urn",), secret=True)]
    assert "hidden" not in json.dumps(codec().encode(value))


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinities_have_a_form_of_their_own(number: float) -> None:
    written = codec().encode(number)
    assert written[SIGNATURE_KEY] == "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
    assert codec().decode(written) == number


def test_a_nan_comes_back_as_a_nan() -> None:
    assert math.isnan(codec().decode(codec().encode(math.nan)))


def test_whole_doubles_are_written_as_integers() -> None:
    assert codec().encode({"a": 3.0, "b": 2.5}) == {"a": 3, "b": 2.5}
    assert type(codec().decode(json.loads("3.0"))) is int


@pytest.mark.parametrize(
    ("written", "id_"), [({"V": "x"}, "x"), ({"V": {}}, ""), ({"V": None}, None), ("y", "y")]
)
def test_ids_of_references_are_read_in_the_form_of_an_old_bug_too(written: Any, id_: Any) -> None:
    document = {SIGNATURE_KEY: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "u", "id": written}
    assert codec().decode(document) == ResourceReference("u", id_)


def test_signatures_of_a_newer_cli_go_through_untouched() -> None:
    document = {SIGNATURE_KEY: "a-new-kind", "value": [1]}
    assert codec().encode(codec().decode(document)) == document


def test_a_secret_with_both_or_neither_text_is_refused_with_its_place() -> None:
    document = {SIGNATURE_KEY: "1b47061264138c4ac30d75fd1eb44270"}
    with pytest.raises(StateError, match=r"urn:x.*inputs.*url.*exactly one"):
        codec().decode(document, ("urn:x", "inputs", "url"))


def test_a_damaged_ciphertext_is_refused() -> None:
    written = codec().encode(Secret("x"))
    written["ciphertext"] = written["ciphertext"][:-6] + "AAAA=="
    with pytest.raises(SecretsError, match="cannot be decrypted"):
        codec().decode(written)


def test_a_python_object_that_is_no_property_value_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="urn inputs x: a complex"):
        codec().encode({"x": 1j}, ("urn", "inputs"))
