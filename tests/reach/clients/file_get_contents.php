<?php
// A client that uses the streams of PHP, which know a proxy only where they are told.

$proxy = parse_url(getenv('HTTPS_PROXY'));

function call(string $path, ?array $body = null): mixed
{
    global $proxy;
    $user = base64_encode("{$proxy['user']}:{$proxy['pass']}");
    $http = [
        'proxy' => "tcp://{$proxy['host']}:{$proxy['port']}",
        'header' => [
            "Proxy-Authorization: Basic $user",
            'Authorization: Bearer daisy-demo',
            'Content-Type: application/json',
        ],
    ];
    if ($body !== null) {
        $http += ['method' => 'POST', 'content' => json_encode($body)];
    }
    $answer = file_get_contents(
        "https://daisysim.com/api/v1/virtual$path",
        false,
        stream_context_create(['http' => $http]),
    );
    if ($answer === false) {
        exit(1);
    }
    return json_decode($answer);
}

$balance = call('/balance');
$bought = call('/purchase', ['country' => 6, 'service' => 'wa', 'price' => 0.3664]);
echo json_encode(['balance' => $balance, 'bought' => $bought]);
