// Each flow, every step by oauth4webapi's own checks; prints a line for each. Arguments: another issuer and its API.
import * as oauth from '../vendor/oauth4webapi/index.js';
import * as real from './loopback.mjs';

const { refused } = real;
const issuer = new URL(process.argv[2] ?? real.issuer);
const api = new URL(process.argv[3] ?? real.api);
const { redirectUri, visit } = await real.listen();

// -- discovery: the API names its authorization server (RFC 9728), which tells of itself (RFC 8414)

const resource = await oauth.processResourceDiscoveryResponse(api, await oauth.resourceDiscoveryRequest(api));
console.log('protected by', resource.authorization_servers.join());
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' });
const server = await oauth.processDiscoveryResponse(issuer, found);
console.log('issuer', server.issuer);

// -- registration (RFC 7591)

async function register(metadata) {
  const answer = await oauth.dynamicClientRegistrationRequest(server, metadata);
  return oauth.processDynamicClientRegistrationResponse(answer);
}

const agent = await register({ redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'] });
const machine = await register({
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
});
console.log('plain redirect:', await refused(() => register({ redirect_uris: ['http://agent.example/callback'] })));

// -- a protected call, and the token as an API reads it (RFC 9068)

async function show(label, token) {
  const url = new URL(`${api}/balance`);
  const answer = await oauth.protectedResourceRequest(token, 'GET', url, new Headers(), null)
    .catch((error) => error.response);
  const body = await answer.json();
  console.log(`${label}: ${answer.status} ${body.data?.environment ?? body.error.code}`);
}

async function read(token) {
  const request = new Request(api, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(server, request, api.href);
}

// -- code with PKCE (RFC 7636); state and iss (RFC 9207) are compared

async function authorized(scope = 'balance:read', more = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: agent.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...more,
  });
  return { place: await visit(address), state, verifier };
}

const accepted = ({ place, state }) => oauth.validateAuthResponse(server, agent, place, state);

async function exchanged(answer, verifier) {
  return oauth.processAuthorizationCodeResponse(server, agent, await oauth.authorizationCodeGrantRequest(
    server, agent, oauth.None(), accepted(answer), redirectUri, verifier));
}

const answer = await authorized();
console.log('other state:', await refused(() => accepted({ ...answer, state: 'other' })));
const elsewhere = new URL(answer.place);
elsewhere.searchParams.set('iss', 'http://127.0.0.1/');
console.log('other issuer:', await refused(() => accepted({ ...answer, place: elsewhere })));
console.log('unknown scope:', await refused(async () => accepted(await authorized('everything'))));
console.log('other verifier:', await refused(() => exchanged(answer, oauth.generateRandomCodeVerifier())));
const tokens = await exchanged(answer, answer.verifier);
console.log('code, scope', (await read(tokens.access_token)).scope);
await show('code', tokens.access_token);

// -- rotation: the old refresh token is good once, and takes its family with it

async function refreshed(token) {
  return oauth.processRefreshTokenResponse(server, agent, await oauth.refreshTokenGrantRequest(
    server, agent, oauth.None(), token));
}

const fresh = await refreshed(tokens.refresh_token);
console.log('rotated:', fresh.refresh_token !== tokens.refresh_token);
await show('refreshed', fresh.access_token);
console.log('old refresh token:', await refused(() => refreshed(tokens.refresh_token)));
await show('its family', fresh.access_token);

// -- revocation (RFC 7009)

const again = await authorized();
const other = await exchanged(again, again.verifier);
await show('another code', other.access_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, agent, oauth.None(), other.refresh_token));
await show('revoked', other.access_token);

// -- client credentials

async function own(secret) {
  const authentication = oauth.ClientSecretBasic(secret);
  return oauth.processClientCredentialsResponse(server, machine, await oauth.clientCredentialsGrantRequest(
    server, machine, authentication, { scope: 'balance:read' }));
}

await show('client credentials', (await own(machine.client_secret)).access_token);
await own('guessed').catch((error) => console.log('guessed secret:', error.status, error.cause[0].scheme));

// -- OpenID Connect: found where its clients look, and an ID token that answers the nonce

const { issuer: same } = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc' }));
console.log('the same issuer:', same === server.issuer);
const nonce = oauth.generateRandomNonce();
const person = await authorized('openid balance:read', { nonce });
const response = await oauth.authorizationCodeGrantRequest(
  server, agent, oauth.None(), accepted(person), redirectUri, person.verifier);
const identified = await oauth.processAuthorizationCodeResponse(
  server, agent, response, { expectedNonce: nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(server, response);
console.log('signed ID token of', oauth.getValidatedIdTokenClaims(identified).sub);
