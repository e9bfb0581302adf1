"""The authorization server on `www.doctorsim.com`, on the sandbox's clock."""
