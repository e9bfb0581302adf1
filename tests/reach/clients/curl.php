<?php
// A client that uses the curl extension of PHP.

function call(string $path, ?array $body = null): mixed
{
    $curl = curl_init("https://daisysim.com/api/v1/virtual$path");
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    curl_setopt($curl, CURLOPT_HTTPHEADER, ['Authorization: Bearer daisy-demo', 'Content-Type: application/json']);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body));
    }
    $answer = curl_exec($curl);
    if ($answer === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return json_decode($answer);
}

$balance = call('/balance');
$bought = call('/purchase', ['country' => 6, 'service' => 'wa', 'price' => 0.3664]);
echo json_encode(['balance' => $balance, 'bought' => $bought]);
