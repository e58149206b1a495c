"""Who encrypts a stack's secrets: Pulumi's passphrase provider.

AES-256-GCM with a key from PBKDF2-HMAC-SHA256 (pkg/secrets/passphrase/manager.go and
sdk/go/common/resource/config/crypt.go). A salt in settings and states is
`v1:<base64 salt>:<"pulumi" encrypted>`: the last part tells a wrong passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from databricks_alerts.engine.errors import SecretsError, UnsupportedError

PASSPHRASE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - a variable's name
PASSPHRASE = "passphrase"  # noqa: S105 - the provider's name
_ROUNDS = 1_000_000
_KEY_BYTES = 32
_SALT_BYTES = 8
_NONCE_BYTES = 12
_PROBE = "pulumi"


class SecretsManager(Protocol):
    """Encrypts a stack's secrets, and says in the state how: `type` and `state`."""

    @property
    def type(self) -> str:
        """The provider's name in the state; empty: the stack has none."""

    @property
    def state(self) -> Any:
        """What the provider needs besides the passphrase."""

    def encrypt(self, text: str) -> str:
        """The ciphertext of a text, different each time. Raises SecretsError."""

    def decrypt(self, ciphertext: str) -> str:
        """The text of a ciphertext. Raises SecretsError."""


@dataclass(frozen=True, slots=True)
class PassphraseSecrets:
    """Secrets under a passphrase. Raises SecretsError when it is not the salt's."""

    salt: str
    passphrase: str = field(repr=False)

    def __post_init__(self) -> None:
        check(self.salt, self.passphrase)

    @property
    def type(self) -> str:
        """`passphrase`."""
        return PASSPHRASE

    @property
    def state(self) -> Any:
        """The salt, as states hold it."""
        return {"salt": self.salt}

    def encrypt(self, text: str) -> str:
        """`v1:<base64 nonce>:<base64 ciphertext and tag>`."""
        return _seal(_key(self.passphrase, _parse_salt(self.salt)[0]), text)

    def decrypt(self, ciphertext: str) -> str:
        """The text. Raises SecretsError for a damaged or foreign ciphertext."""
        return _open(_key(self.passphrase, _parse_salt(self.salt)[0]), ciphertext)


@dataclass(frozen=True, slots=True)
class NoSecrets:
    """A stack without a secrets provider: it can hold no secret. `reason` says what to do."""

    reason: str = (
        "this stack has no secrets provider; run it with a passphrase "
        f"({PASSPHRASE_VARIABLE}), so that its secrets can be encrypted"
    )

    @property
    def type(self) -> str:
        """None."""
        return ""

    @property
    def state(self) -> Any:
        """Nothing."""
        return None

    def encrypt(self, text: str) -> str:
        """Always raises SecretsError."""
        raise SecretsError(self.reason)

    def decrypt(self, ciphertext: str) -> str:
        """Always raises SecretsError."""
        raise SecretsError(self.reason)


def open_secrets(kind: str, state: Any, passphrase: str | None) -> SecretsManager:
    """The secrets manager that a state names. Raises SecretsError, UnsupportedError."""
    if not kind:
        return NoSecrets()
    if kind != PASSPHRASE:
        raise UnsupportedError(
            f"the stack's secrets are kept by the provider {kind!r}; the embedded engine knows "
            "passphrases only. Use the pulumi CLI, or move the stack to a passphrase by "
            "`pulumi stack change-secrets-provider passphrase`"
        )
    salt = state.get("salt") if isinstance(state, dict) else None
    if not isinstance(salt, str):
        raise SecretsError("the state's secrets provider has no salt: the state is damaged")
    if passphrase is None:
        raise SecretsError(_MISSING)
    return PassphraseSecrets(salt, passphrase)


def new_salt(passphrase: str) -> str:
    """A fresh salt for `encryptionsalt` in a stack's settings and for its state."""
    salt = os.urandom(_SALT_BYTES)
    encoded = base64.b64encode(salt).decode()
    return f"v1:{encoded}:{_seal(_key(passphrase, salt), _PROBE)}"


@lru_cache(maxsize=32)
def check(salt: str, passphrase: str) -> None:
    """Whether the passphrase is the one the salt was made with. Raises SecretsError."""
    raw, probe = _parse_salt(salt)
    try:
        found = _open(_key(passphrase, raw), probe)
    except SecretsError:
        found = ""
    if found != _PROBE:
        raise SecretsError(
            f"the passphrase is wrong: set {PASSPHRASE_VARIABLE} (or {PASSPHRASE_VARIABLE}_FILE) "
            "to the one this stack was made with"
        )


def passphrase_from(environment: Mapping[str, str]) -> str | None:
    """The passphrase that the environment gives, as the CLI takes it; None without one.

    PULUMI_CONFIG_PASSPHRASE may be empty; _FILE names a file. Raises SecretsError when it cannot
    be read.
    """
    if PASSPHRASE_VARIABLE in environment:
        return environment[PASSPHRASE_VARIABLE]
    name = environment.get(f"{PASSPHRASE_VARIABLE}_FILE", "")
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"cannot read {PASSPHRASE_VARIABLE}_FILE, {name}: {error}") from error


_MISSING = (
    f"a passphrase is needed for the stack's secrets: set {PASSPHRASE_VARIABLE} (it may be empty) "
    f"or {PASSPHRASE_VARIABLE}_FILE"
)


@lru_cache(maxsize=32)
def _key(passphrase: str, salt: bytes) -> AESGCM:
    raw = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, _KEY_BYTES)
    return AESGCM(raw)


def _parse_salt(salt: str) -> tuple[bytes, str]:
    """The salt's bytes and the probe."""
    version, _, rest = salt.partition(":")
    encoded, _, probe = rest.partition(":")
    if version != "v1" or not probe:
        raise SecretsError(f"the encryption salt is not one this engine knows: {salt[:12]}…")
    try:
        return base64.b64decode(encoded, validate=True), probe
    except binascii.Error as error:
        raise SecretsError("the encryption salt is damaged: it is no base64") from error


def _seal(key: AESGCM, text: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = key.encrypt(nonce, text.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _open(key: AESGCM, ciphertext: str) -> str:
    parts = ciphertext.split(":")
    if len(parts) != 3 or parts[0] != "v1":
        raise SecretsError("a secret is not encrypted in a form this engine knows (v1:…:…)")
    try:
        nonce, sealed = (base64.b64decode(part, validate=True) for part in parts[1:])
        return key.decrypt(nonce, sealed, None).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretsError(
            "a secret cannot be decrypted: it is damaged, or of another passphrase or salt"
        ) from error
