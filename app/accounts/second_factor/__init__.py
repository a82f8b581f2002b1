"""The second factor of signing in: codes of an authenticator app, or recovery codes; who owes one, who has one."""
