// Each flow by openid-client, which finds all else from the issuer; prints a line for each step.
import * as client from 'openid-client';
import { api, issuer, listen, refused } from './loopback.mjs';

const { redirectUri, visit } = await listen();
const server = new URL(issuer);

const app = await client.dynamicClientRegistration(server, { redirect_uris: [redirectUri] }, client.None());
client.enableNonRepudiationChecks(app); // the signatures of ID tokens are checked, too
console.log('issuer', app.serverMetadata().issuer);
console.log('PKCE:', app.serverMetadata().supportsPKCE());

async function show(label, token) {
  const answer = await client.fetchProtectedResource(app, token, new URL(`${api}/balance`), 'GET')
    .catch((error) => error.cause instanceof Response ? error.cause : error.response);
  const body = await answer.json();
  console.log(`${label}: ${answer.status} ${body.data?.environment ?? body.error.code}`);
}

async function signedIn(scope) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const place = await visit(client.buildAuthorizationUrl(app, {
    redirect_uri: redirectUri,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  }));
  const checks = { pkceCodeVerifier, expectedState, expectedNonce };
  return { place, checks };
}

const { place, checks } = await signedIn('openid balance:read');
const grant = (other) => client.authorizationCodeGrant(app, place, { ...checks, ...other });
console.log('other state:', await refused(() => grant({ expectedState: 'other' })));
console.log('other verifier:', await refused(() => grant({ pkceCodeVerifier: client.randomPKCECodeVerifier() })));
const tokens = await grant({ idTokenExpected: true });
console.log('signed ID token of', tokens.claims().sub);
await show('code', tokens.access_token);
console.log('unknown scope:', await refused(async () => {
  const answer = await signedIn('everything');
  return client.authorizationCodeGrant(app, answer.place, answer.checks);
}));

const fresh = await client.refreshTokenGrant(app, tokens.refresh_token);
console.log('rotated:', fresh.refresh_token !== tokens.refresh_token);
await show('refreshed', fresh.access_token);
await client.tokenRevocation(app, fresh.refresh_token);
await show('revoked', fresh.access_token);
console.log('its family:', await refused(() => client.refreshTokenGrant(app, fresh.refresh_token)));

// The library sends secrets in the form unless it is told otherwise.
const machine = await client.dynamicClientRegistration(server, {
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_post',
}, undefined, { algorithm: 'oauth2' });
const own = await client.clientCredentialsGrant(machine, { scope: 'balance:read' });
await show('client credentials', own.access_token);
