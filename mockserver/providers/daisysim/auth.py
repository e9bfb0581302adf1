"""The credential of a call: `Authorization: Bearer KEY` (documented)."""

from mockserver.http.credentials import bearer_account as identify

__all__ = ["identify"]
