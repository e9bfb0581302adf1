"""An app on a desktop that uses authlib on requests."""

import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.providers.doctorsim_v2.oauth.clients.authlib_flow import walk

walk(OAuth2Session, requests)
