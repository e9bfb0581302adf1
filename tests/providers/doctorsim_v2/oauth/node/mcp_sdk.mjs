// An agent that signs in by the OAuth client of the MCP SDK; prints a line for each step.
import { auth, extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { api, issuer, listen } from './loopback.mjs';

const { redirectUri, visit } = await listen();

// Keeps what the SDK wants kept, and shows the person where to sign in.
class Agent {
  redirectUrl = redirectUri;
  clientMetadata = { client_name: 'An agent', redirect_uris: [redirectUri] };
  clientInformation = () => this.known;
  saveClientInformation = (client) => { this.known = client; };
  tokens = () => this.saved;
  saveTokens = (tokens) => { this.saved = tokens; };
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  invalidateCredentials = () => { this.saved = undefined; };
  state = () => 'a state';
  redirectToAuthorization = async (address) => { this.place = await visit(address); };
}

const agent = new Agent();

async function call() {
  const headers = agent.saved ? { Authorization: `Bearer ${agent.saved.access_token}` } : {};
  return fetch(`${api}/balance`, { headers });
}

async function show(label) {
  const answer = await call();
  const body = await answer.json();
  console.log(`${label}: ${answer.status} ${body.data?.environment ?? body.error.code}`);
}

const { resourceMetadataUrl } = extractWWWAuthenticateParams(await call());
console.log('sent to', resourceMetadataUrl.href);
const options = { serverUrl: api, resourceMetadataUrl };

async function signIn() {
  console.log('first:', await auth(agent, options));
  const { searchParams } = agent.place;
  console.log('state and issuer:', searchParams.get('state') === 'a state' && searchParams.get('iss') === issuer);
  const authorizationCode = searchParams.get('code');
  console.log('then:', await auth(agent, { ...options, authorizationCode, iss: searchParams.get('iss') }));
}

await signIn();
await show('code');
console.log('registered with', agent.known.issuer);

const first = agent.saved;
console.log('with a refresh token:', await auth(agent, options));
console.log('rotated:', agent.saved.refresh_token !== first.refresh_token);
await show('refreshed');

// An old refresh token is refused and ends all tokens, so the SDK begins anew.
agent.saved = first;
await signIn();
await show('another code');

const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
await fetch(metadata.revocation_endpoint, {
  method: 'POST',
  body: new URLSearchParams({ token: agent.saved.refresh_token, client_id: agent.known.client_id }),
});
await show('revoked');
