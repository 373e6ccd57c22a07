"""The measured site: the portal, and beside it what a developer would write in five minutes (the baseline)."""

from typing import ClassVar

from django.db import models
from django.urls import path
from rest_framework import generics, serializers

from revops import urls


class BareLead(models.Model):
    """One plain row, as a scaffold would have it; its table exists only in the database of a measurement."""

    name = models.CharField(max_length=200)
    email = models.EmailField()
    company = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    need = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "portal"
        managed = False
        db_table = "bench_bare_lead"

    def __str__(self) -> str:
        return self.name


class BareLeadSerializer(serializers.ModelSerializer[BareLead]):
    class Meta:
        model = BareLead
        fields: ClassVar[list[str]] = ["id", "name", "email", "company", "title", "country", "need", "created_at"]


class BareLeadView(generics.ListCreateAPIView[BareLead]):
    """No key, no idempotency, no journal: validate, insert, answer; or the first fifty as they are."""

    authentication_classes = ()
    permission_classes = ()
    schema = None
    queryset = BareLead._default_manager.order_by("pk")[:50]
    serializer_class = BareLeadSerializer


urlpatterns = [path("bare/", BareLeadView.as_view()), *urls.urlpatterns]
