"""Column types that PostgreSQL has and Django does not."""

from __future__ import annotations

from typing import Any

from django.db import models


class CaseInsensitiveTextField(models.TextField):
    """Text that keeps the case it was written in and is compared without it (citext)."""

    def db_type(self, connection: Any) -> str:
        return "citext"


class CaseInsensitiveEmailField(models.EmailField):
    """An e-mail address, compared without regard to case (citext)."""

    def db_type(self, connection: Any) -> str:
        return "citext"
