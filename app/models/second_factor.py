"""What signing in asks for besides a password: authenticator apps, recovery codes, sign-ins that wait for a code."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class SecondFactor(SQLModel, table=True):
    """An account's authenticator app (TOTP, RFC 6238)."""

    __tablename__ = "second_factor"
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    secret: str
    """Base32, readable: the server computes the same codes from it."""
    created_at: datetime
    session_id: int
    """In which it is set up: nobody is shown the secret in another one, whatever else they know. No foreign key:
    sessions are forgotten after a while."""
    confirmed_at: datetime | None = None
    """Empty until a first code shows that the app has the secret; only then signing in asks for codes."""
    last_step: int = 0
    """The time step of the last code that was accepted: no code of it or of an earlier one is accepted again."""


class RecoveryCode(SQLModel, table=True):
    """In place of a code, once: the row goes when it is used. 120 random bits, kept as SHA-256."""

    __tablename__ = "recovery_code"
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    hash: str = Field(primary_key=True)


class HalfSignIn(SQLModel, table=True):
    """A browser that knew the password and owes the code. The cookie holds 256 random bits, the database their SHA-256.

    A table of its own, so that whatever asks for sessions can never find one of these.
    """

    __tablename__ = "half_sign_in"
    token_hash: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    expires_at: datetime
