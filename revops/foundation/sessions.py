"""Who asks: session and user, which every page reads before anything else."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from revops.foundation.kept_queries import KeptQuery, blank
from revops.foundation.models import User


class SessionStore(db.SessionStore):
    """Sessions in the database, as Django keeps them; reading one costs a fifth."""

    def _get_session_from_db(self) -> Session | None:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


class AuthenticationBackend(AllauthBackend):
    """Signs people in as allauth does; reading them for a page costs a fifth."""

    def get_user(self, user_id: Any) -> User | None:
        user = _USER.first(user=user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


_SESSION = KeptQuery(Session.objects.filter(session_key=blank("key"), expire_date__gt=blank("now")))
_USER = KeptQuery(User.objects.filter(pk=blank("user")))
