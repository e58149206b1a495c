"""Passphrases, salts and ciphertexts."""

from __future__ import annotations

from pathlib import Path

import pytest

from databricks_alerts.engine.errors import SecretsError, UnsupportedError
from databricks_alerts.engine.state import secrets

# Made by the pulumi CLI for the passphrase `pw`.
CLI_SALT = "v1:UWgco4FyGxc=:v1:yfMbD/RnSqulUQaz:pRTHGg142hkAnvxDbaVNSTUC5XEdhA=="
CLI_CIPHERTEXT = "v1:UxVkZiZRF31mUeY/:5uXgCfj5j0CAcd+KnQxiXyg4cA=="


def test_what_the_cli_encrypted_is_decrypted() -> None:
    assert secrets.PassphraseSecrets(CLI_SALT, "pw").decrypt(CLI_CIPHERTEXT) == '"q"'


def test_a_text_survives_and_is_never_encrypted_the_same_twice() -> None:
    manager = secrets.PassphraseSecrets(CLI_SALT, "pw")
    first, second = manager.encrypt("ä"), manager.encrypt("ä")
    assert first != second
    assert manager.decrypt(first) == manager.decrypt(second) == "ä"


def test_a_new_salt_fits_its_passphrase_and_no_other() -> None:
    salt = secrets.new_salt("")
    secrets.check(salt, "")
    with pytest.raises(SecretsError, match="PULUMI_CONFIG_PASSPHRASE"):
        secrets.check(salt, "other")


def test_a_wrong_passphrase_names_the_variable_to_set() -> None:
    with pytest.raises(SecretsError, match=r"passphrase is wrong.*PULUMI_CONFIG_PASSPHRASE"):
        secrets.PassphraseSecrets(CLI_SALT, "wrong")


@pytest.mark.parametrize("salt", ["", "v2:AA==:x", "v1:AA==:", "v1:***:v1:a:b"])
def test_a_malformed_salt_is_refused(salt: str) -> None:
    with pytest.raises(SecretsError, match="salt"):
        secrets.check(salt, "pw")


@pytest.mark.parametrize("text", ["", "v1:a", "v2:AAAA:AAAA", "v1:***:AAAA", "v1:AAAA:AAAA"])
def test_a_malformed_ciphertext_is_refused(text: str) -> None:
    with pytest.raises(SecretsError):
        secrets.PassphraseSecrets(CLI_SALT, "pw").decrypt(text)


def test_other_providers_are_refused_with_a_way_out() -> None:
    with pytest.raises(UnsupportedError, match=r"'cloud'.*change-secrets-provider passphrase"):
        secrets.open_secrets("cloud", {"url": "awskms://x"}, "pw")


def test_a_missing_passphrase_is_asked_for() -> None:
    with pytest.raises(SecretsError, match="set PULUMI_CONFIG_PASSPHRASE"):
        secrets.open_secrets("passphrase", {"salt": CLI_SALT}, None)


def test_a_stack_without_a_provider_can_hold_no_secret() -> None:
    manager = secrets.open_secrets("", None, None)
    with pytest.raises(SecretsError, match="no secrets provider"):
        manager.encrypt("x")
    with pytest.raises(SecretsError, match="no secrets provider"):
        manager.decrypt("v1:a:b")


def test_the_passphrase_comes_from_the_variable_then_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "phrase"
    file.write_text("from file\n")
    named = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    assert secrets.passphrase_from({**named, "PULUMI_CONFIG_PASSPHRASE": ""}) == ""
    assert secrets.passphrase_from(named) == "from file"
    assert secrets.passphrase_from({}) is None


def test_an_unreadable_passphrase_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match="nowhere"):
        secrets.passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "nowhere")})


def test_no_repr_shows_the_passphrase() -> None:
    assert "pw-secret" not in repr(
        secrets.PassphraseSecrets(secrets.new_salt("pw-secret"), "pw-secret")
    )
