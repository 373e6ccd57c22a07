"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from revops.foundation.processes import look_less_often

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

application = get_wsgi_application()
look_less_often()
