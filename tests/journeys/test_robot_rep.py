"""A robot rep decides by keys alone while the server is killed: nothing is lost, nothing is done twice.

`manage.py robot_rep` does the same for 200 decisions among a million leads, and takes the time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from django.db import connection
from playwright.sync_api import Browser

from feedback.models import Disposition
from revops.portal.benchmarking import robot
from revops.portal.benchmarking.crowd import fill
from tests.portal.desk import open_office

DECISIONS, KILLS, CROWD = 10, 2, 300


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_robot_rep_loses_and_doubles_nothing_when_the_server_is_killed(browser: Browser) -> None:
    office = open_office()
    fill(CROWD, now=datetime.now(UTC))
    robot.open_leads(office.rep, DECISIONS + 1, datetime.now(UTC))
    server = robot.RobotServer(connection.settings_dict["NAME"])
    server.start()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        server.wait()
        page = context.new_page()
        robot.sign_in(page, robot.session_of(office.rep), server.port)
        shift = robot.work(page, server, DECISIONS, KILLS, Random(5))
    finally:
        context.close()
        server.kill()
    account = robot.audit(shift)
    assert (account.decided, account.lost, account.doubled, account.different) == (DECISIONS, 0, 0, 0)
    assert Disposition.objects.count() == DECISIONS
    assert (shift.kills, shift.focus_losses) == (KILLS, 0)
