"""The authorization server of `www.doctorsim.com`, which follows the sandbox's clock."""
