<?php

// An app on a desktop that uses Guzzle: it walks the code flow and prints a line for each step.

declare(strict_types=1);

require 'GuzzleHttp/autoload.php';

const ISSUER = 'https://www.doctorsim.com';
const API = 'https://api.doctorsim.com/v2';
/** Seconds that the browser may take. */
const PATIENCE = 15;

use GuzzleHttp\Client;
use Psr\Http\Message\ResponseInterface;

function json(ResponseInterface $answer): array
{
    return json_decode((string) $answer->getBody(), true, 32, JSON_THROW_ON_ERROR);
}

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

/** Lets the person's browser open an address, and returns the parameters with which it is sent back. */
function visit(mixed $listener, string $address): array
{
    echo "open $address\n";
    $browser = stream_socket_accept($listener, PATIENCE) ?: throw new RuntimeException('no browser came back');
    [, $target] = explode(' ', fgets($browser));
    while (trim(fgets($browser)) !== '') {
        continue;
    }
    fwrite($browser, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nThank you.");
    fclose($browser);
    parse_str(parse_url($target, PHP_URL_QUERY), $parameters);
    return $parameters;
}

$http = new Client(['http_errors' => false, 'timeout' => 10]);

// -- discovery: the API's refusal leads to its metadata, and these to the authorization server

$refusal = $http->get(API . '/balance');
preg_match('/resource_metadata="([^"]+)"/', $refusal->getHeaderLine('WWW-Authenticate'), $found);
echo 'sent to ', $found[1], "\n";
$resource = json($http->get($found[1]));
echo 'protected by ', implode(' ', $resource['authorization_servers']), "\n";
$metadata = json($http->get($resource['authorization_servers'][0] . '/.well-known/oauth-authorization-server'));
echo 'the same issuer: ', var_export($metadata['issuer'] === ISSUER, true), "\n";

// -- registration; the port of the loopback address is not part of it (RFC 8252, 7.3)

$listener = stream_socket_server('tcp://127.0.0.1:0');
$redirect = 'http://' . stream_socket_get_name($listener, false) . '/callback';
$client = json($http->post($metadata['registration_endpoint'], [
    'json' => ['redirect_uris' => ['http://127.0.0.1/callback'], 'client_name' => 'A desktop app'],
]));

// -- code with PKCE

$verifier = base64url(random_bytes(32));
$state = base64url(random_bytes(12));
$answer = visit($listener, $metadata['authorization_endpoint'] . '?' . http_build_query([
    'response_type' => 'code',
    'client_id' => $client['client_id'],
    'redirect_uri' => $redirect,
    'scope' => 'balance:read orders:read',
    'state' => $state,
    'code_challenge' => base64url(hash('sha256', $verifier, true)),
    'code_challenge_method' => 'S256',
]));
$same = $answer['state'] === $state && $answer['iss'] === $metadata['issuer'];
echo 'state and issuer: ', var_export($same, true), "\n";

function token(array $form): array
{
    global $http, $metadata, $client;
    return json($http->post($metadata['token_endpoint'], [
        'form_params' => $form + ['client_id' => $client['client_id']],
    ]));
}

$grant = ['grant_type' => 'authorization_code', 'code' => $answer['code'], 'redirect_uri' => $redirect];
echo 'other verifier: ', token($grant + ['code_verifier' => base64url(random_bytes(32))])['error'], "\n";
$tokens = token($grant + ['code_verifier' => $verifier]);
echo 'scope ', $tokens['scope'], "\n";

// -- calls, rotation, revocation

function show(string $label, array $tokens): void
{
    global $http;
    $answer = $http->get(API . '/balance', ['headers' => ['Authorization' => "Bearer {$tokens['access_token']}"]]);
    $body = json($answer);
    echo "$label: {$answer->getStatusCode()} ", $body['data']['environment'] ?? $body['error']['code'], "\n";
}

show('code', $tokens);
$fresh = token(['grant_type' => 'refresh_token', 'refresh_token' => $tokens['refresh_token']]);
echo 'rotated: ', var_export($fresh['refresh_token'] !== $tokens['refresh_token'], true), "\n";
show('refreshed', $fresh);
$revoked = $http->post($metadata['revocation_endpoint'], [
    'form_params' => ['token' => $fresh['refresh_token'], 'client_id' => $client['client_id']],
]);
echo 'revoked: ', $revoked->getStatusCode(), "\n";
show('after it', $fresh);
echo 'its family: ', token(['grant_type' => 'refresh_token', 'refresh_token' => $fresh['refresh_token']])['error'], "\n";
