"""Addresses of people, teams and roles."""

from django.urls import path

from revops.portal.people import teams, views, working

urlpatterns = [
    path("people/", views.people_list, name="people"),
    path("people/new/", views.invite, name="person-new"),
    path("people/roles/", teams.roles, name="roles"),
    path("people/teams/", teams.team_list, name="teams"),
    path("people/teams/new/", teams.team_new, name="team-new"),
    path("people/teams/<str:public_id>/", teams.team_edit, name="team"),
    path("people/<str:public_id>/", views.person_page, name="person"),
    path("people/<str:public_id>/link/", views.sign_in_link, name="person-link"),
    path("people/<str:public_id>/deactivate/", views.deactivate_person, name="person-deactivate"),
    path("people/<str:public_id>/hand-over/", working.hand_leads_over, name="person-hand-over"),
    path("people/<str:public_id>/reactivate/", views.reactivate_person, name="person-reactivate"),
    path("people/<str:public_id>/routing/", working.save_routing, name="person-routing"),
    path("people/<str:public_id>/absences/", working.new_absence, name="person-absence"),
    path("people/<str:public_id>/absences/<uuid:pk>/remove/", working.end_absence, name="person-absence-remove"),
]
