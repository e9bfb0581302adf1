"""The way in: accepts connections, tells TLS from HTTP by the first byte, speaks HTTP/1.1, and is a proxy."""
