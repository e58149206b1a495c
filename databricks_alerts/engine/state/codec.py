"""Property values in a checkpoint's JSON: secrets encrypted, marked kinds as signed objects.

The form is that of SerializePropertyValue (pkg/resource/stack/deployment.go). A secret whose value
did not change keeps its ciphertext, so that an unchanged stack is written byte for byte as it was;
equal secrets in different places never share one.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any, Protocol

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.events import (
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN_TEXT,
)
from databricks_alerts.engine.values import (
    UNKNOWN,
    Asset,
    Output,
    Properties,
    ResourceReference,
    Secret,
)
from databricks_alerts.engine.wire import ASSET_SIGNATURES

BYTE_STRING_SIGNATURE = "803fd3297a5875dc03ca845dda5d2a98"
FLOAT_SIGNATURE = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
_SIGNATURE_OF_ASSET = {kind: signature for signature, kind in ASSET_SIGNATURES.items()}
_MAX_EXACT_INTEGER = 2**53
# Go writes whole numbers below this without an exponent, Python's repr does not.
_EXPONENT_FROM = 1e21
Place = tuple[str | int, ...]


class Cipher(Protocol):
    """Encrypts texts and opens them again; raises SecretsError."""

    def encrypt(self, text: str) -> str:
        """The ciphertext of a text, different each time."""

    def decrypt(self, ciphertext: str) -> str:
        """The text of a ciphertext."""


class Codec:
    """Turns property values into JSON and back with one cipher, remembering its ciphertexts.

    A `place` says where a value stands (URN, id, section, path): the ciphertext read or written
    there last is used again while the secret stays the same. Methods may run in many threads.
    """

    def __init__(self, cipher: Cipher, *, remember: bool = True) -> None:
        self._cipher = cipher
        self._remember = remember
        self._known: dict[Place, tuple[str, str]] = {}

    def decode(self, value: Any, place: Place = ()) -> Any:
        """The value that JSON stands for. Raises StateError, SecretsError."""
        kind = type(value)
        if kind is dict:
            return self._decode_object(value, place)
        if kind is list:
            return [self.decode(item, (*place, index)) for index, item in enumerate(value)]
        if kind is str:
            return UNKNOWN if value == UNKNOWN_TEXT else value
        if kind is float and value.is_integer() and abs(value) < _MAX_EXACT_INTEGER:
            return int(value)
        return value

    def encode(self, value: Any, place: Place = ()) -> Any:
        """The JSON of a value."""
        if value is None or isinstance(value, str | bool | int):
            return value
        if isinstance(value, dict):
            return {key: self.encode(value[key], (*place, key)) for key in sorted(value)}
        if isinstance(value, list | tuple):
            return [self.encode(item, (*place, index)) for index, item in enumerate(value)]
        if isinstance(value, Secret):
            return self._encode_secret(value, place)
        if isinstance(value, Output):
            # Dependencies of outputs are not kept in a state, as in Pulumi.
            return self.encode(Secret(value.value) if value.secret else value.value, place)
        return self._encode_marked(value, place)

    def decode_properties(self, properties: Any, place: Place = ()) -> Properties:
        """Inputs or outputs; null is the same as none."""
        return {key: self.decode(item, (*place, key)) for key, item in (properties or {}).items()}

    def _decode_object(self, value: dict[str, Any], place: Place) -> Any:
        signature = value.get(SIGNATURE_KEY)
        if signature is None:
            return {key: self.decode(item, (*place, key)) for key, item in value.items()}
        if signature == SECRET_SIGNATURE:
            return self._decode_secret(value, place)
        if signature == RESOURCE_SIGNATURE:
            return _decode_reference(value, place)
        if signature == FLOAT_SIGNATURE:
            return struct.unpack(">d", bytes.fromhex(value["value"]))[0]
        if signature in ASSET_SIGNATURES:
            fields = {key: item for key, item in value.items() if key != SIGNATURE_KEY}
            return Asset(ASSET_SIGNATURES[signature], self.decode_properties(fields, place))
        # Byte strings and kinds of a newer CLI go through as they are.
        return dict(value)

    def _decode_secret(self, value: dict[str, Any], place: Place) -> Secret:
        ciphertext, plaintext = value.get("ciphertext"), value.get("plaintext")
        if bool(ciphertext) == bool(plaintext):
            raise StateError(
                f"{_shown(place)}: a secret must have exactly one of `ciphertext` and `plaintext`"
            )
        text = str(plaintext) if plaintext else self._cipher.decrypt(str(ciphertext))
        try:
            document = json.loads(text)
        except ValueError as error:
            raise StateError(f"{_shown(place)}: the secret holds no JSON value") from error
        secret = Secret(_INNER.decode(document, place))
        if ciphertext and self._remember:
            self._known[place] = (_inner_text(secret), str(ciphertext))
        return secret

    def _encode_secret(self, secret: Secret, place: Place) -> dict[str, Any]:
        text = _inner_text(secret)
        known = self._known.get(place)
        if known is None or known[0] != text:
            known = (text, self._cipher.encrypt(text))
            if self._remember:
                self._known[place] = known
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": known[1]}

    def _encode_marked(self, value: Any, place: Place) -> Any:
        if value is UNKNOWN:
            return UNKNOWN_TEXT
        if isinstance(value, float):
            return _encode_float(value)
        if isinstance(value, ResourceReference):
            document: dict[str, Any] = {SIGNATURE_KEY: RESOURCE_SIGNATURE}
            if value.id is not None:
                document["id"] = "" if value.id is UNKNOWN else value.id
            return document | {"packageVersion": value.package_version, "urn": value.urn}
        if isinstance(value, Asset):
            signature = _SIGNATURE_OF_ASSET[value.kind]
            return {SIGNATURE_KEY: signature, **self.encode(value.fields, place)}
        raise TypeError(f"{_shown(place)}: a {type(value).__name__} cannot be in a state")


class _Clear:
    """Secrets inside a secret: the outer one is encrypted already."""

    def encrypt(self, text: str) -> str:
        return text

    def decrypt(self, ciphertext: str) -> str:
        return ciphertext


_INNER = Codec(_Clear(), remember=False)


def _inner_text(secret: Secret) -> str:
    inner = _INNER.encode(secret.value)
    return json.dumps(inner, separators=(",", ":"), ensure_ascii=False)


def _encode_float(value: float) -> Any:
    if math.isfinite(value):
        whole = value.is_integer() and abs(value) < _EXPONENT_FROM
        return int(value) if whole else value
    return {SIGNATURE_KEY: FLOAT_SIGNATURE, "value": struct.pack(">d", value).hex()}


def _decode_reference(value: dict[str, Any], place: Place) -> ResourceReference:
    urn, version = value.get("urn"), value.get("packageVersion", "")
    if not isinstance(urn, str) or not isinstance(version, str):
        raise StateError(f"{_shown(place)}: a resource reference without a URN")
    if "id" not in value:
        return ResourceReference(urn, None, version)
    found = value["id"]
    if isinstance(found, dict):
        # A bug of some releases of the CLI wrote the id as {"V": id}; {"V": {}} is an unknown one.
        inner = found.get("V")
        found = "" if isinstance(inner, dict) else inner
    return ResourceReference(urn, found, version)


def _shown(place: Place) -> str:
    return " ".join(str(part) for part in place) or "a property value"
