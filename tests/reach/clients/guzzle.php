<?php
// A client that uses Guzzle.

foreach (['vendor/autoload.php', 'GuzzleHttp/autoload.php'] as $loader) {
    if (stream_resolve_include_path($loader)) {
        require_once $loader;
        break;
    }
}

$api = new GuzzleHttp\Client([
    'base_uri' => 'https://daisysim.com/api/v1/virtual/',
    'headers' => ['Authorization' => 'Bearer daisy-demo'],
]);
$balance = json_decode((string) $api->get('balance')->getBody());
$order = ['country' => 6, 'service' => 'wa', 'price' => 0.3664];
$bought = json_decode((string) $api->post('purchase', ['json' => $order])->getBody());
echo json_encode(['balance' => $balance, 'bought' => $bought]);
