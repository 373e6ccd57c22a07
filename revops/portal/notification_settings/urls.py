"""Addresses of one's own notification settings, and of the link that ends digests."""

from django.urls import path

from revops.portal.notification_settings import views

urlpatterns = [
    path("me/notifications/", views.settings_page, name="notification-settings"),
    path("me/notifications/chat/<str:whose>/", views.save_chat, name="chat-save"),
    path("me/notifications/chat/<str:whose>/test/", views.test_chat, name="chat-test"),
    path("me/notifications/chat/<str:whose>/remove/", views.remove_chat, name="chat-remove"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
