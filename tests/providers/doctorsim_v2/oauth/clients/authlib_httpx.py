"""An app on a desktop that uses authlib on httpx."""

import httpx
from authlib.integrations.httpx_client import OAuth2Client

from tests.providers.doctorsim_v2.oauth.clients.authlib_flow import walk

walk(OAuth2Client, httpx)
