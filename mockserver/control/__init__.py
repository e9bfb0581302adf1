"""The control API under `/_mock`: how a test or a person steers a sandbox. One file per noun."""
