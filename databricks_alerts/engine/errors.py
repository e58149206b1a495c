"""What can go wrong in the engine.

EngineError                 a person reads `str(error)`: what, where, what to do
├── ProjectError            Pulumi.yaml, a stack's settings file, an option
├── StateError              a checkpoint that cannot be read or trusted
│   ├── SecretsError        wrong or missing passphrase, damaged ciphertext
│   └── LockError           another update holds the stack
├── ProgramError            the program raised or did not start
├── UnsupportedError        a feature that only the pulumi CLI has
└── DeploymentError         steps failed; details were reported as events
"""

from __future__ import annotations


class EngineError(Exception):
    """Base of all errors that the engine raises on purpose."""


class ProjectError(EngineError):
    """Pulumi.yaml, a stack's settings or an option is wrong."""


class StateError(EngineError):
    """A checkpoint cannot be read, or must not be trusted."""


class SecretsError(StateError):
    """The passphrase is missing or wrong, or a ciphertext is damaged."""


class LockError(StateError):
    """Another update holds the stack's lock."""


class ProgramError(EngineError):
    """The Pulumi program raised, or its process ended without finishing."""


class UnsupportedError(EngineError):
    """The program uses a feature that only the pulumi CLI has."""


class DeploymentError(EngineError):
    """Steps of a deployment failed; each was reported as an event."""
