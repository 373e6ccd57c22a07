"""Addresses of the agreement."""

from django.urls import path

from revops.portal.agreement import views

urlpatterns = [
    path("sla/agreement/", views.agreement, name="sla-agreement"),
    path("sla/agreement/new/", views.draft, name="agreement-draft"),
    path("sla/agreement/<int:version>/edit/", views.edit, name="agreement-edit"),
    path("sla/agreement/<int:version>/sign/", views.sign, name="agreement-sign"),
    path("sla/agreement/<int:version>/remark/", views.remark, name="agreement-remark"),
    path("sla/agreement/<int:version>/discard/", views.discard, name="agreement-discard"),
]
