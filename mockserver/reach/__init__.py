"""What lets a client that cannot be changed reach the server.

`variables` is a pure function, `files` writes beside the CA, `shells` quotes, `command` runs a command with it all,
`observed` counts the requests that come meanwhile. `preload.cjs` is what Node is told to load first.
"""
