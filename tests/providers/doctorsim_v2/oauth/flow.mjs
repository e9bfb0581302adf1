// Discovers, registers, authorizes with PKCE, refreshes, revokes; every step by oauth4webapi's own checks.
import * as oauth from 'oauth4webapi';

const [issuer, api] = process.argv.slice(2);
const insecure = { [oauth.allowInsecureRequests]: true };
const redirectUri = 'http://127.0.0.1:8123/callback';

const found = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure });
const server = await oauth.processDiscoveryResponse(new URL(issuer), found);
console.log('issuer', server.issuer);

async function register(metadata) {
  const answer = await oauth.dynamicClientRegistrationRequest(server, metadata, insecure);
  return oauth.processDynamicClientRegistrationResponse(answer);
}

async function show(label, token) {
  const answer = await oauth.protectedResourceRequest(token, 'GET', new URL(`${api}/balance`), new Headers(), null, insecure)
    .catch((error) => error.response);
  const body = await answer.json();
  console.log(`${label}: ${answer.status} ${body.data?.environment ?? body.error.code}`);
}

const agent = await register({ redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'] });
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const address = new URL(server.authorization_endpoint);
address.search = new URLSearchParams({
  client_id: agent.client_id,
  redirect_uri: redirectUri,
  response_type: 'code',
  scope: 'balance:read',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
});
const sent = await fetch(address, { redirect: 'manual' });
const parameters = oauth.validateAuthResponse(server, agent, new URL(sent.headers.get('location')), state);
const exchanged = await oauth.authorizationCodeGrantRequest(
  server, agent, oauth.None(), parameters, redirectUri, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(server, agent, exchanged);
await show('code flow', tokens.access_token);

const renewed = await oauth.refreshTokenGrantRequest(server, agent, oauth.None(), tokens.refresh_token, insecure);
const fresh = await oauth.processRefreshTokenResponse(server, agent, renewed);
await show('refreshed', fresh.access_token);

const machine = await register({
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
});
const secret = oauth.ClientSecretBasic(machine.client_secret);
const own = await oauth.clientCredentialsGrantRequest(server, machine, secret, { scope: 'balance:read' }, insecure);
await show('client credentials', (await oauth.processClientCredentialsResponse(server, machine, own)).access_token);

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, agent, oauth.None(), fresh.refresh_token, insecure));
await show('revoked', fresh.access_token);
