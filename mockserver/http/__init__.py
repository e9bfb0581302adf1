"""The kit a provider is declared with: endpoints, calls, envelopes, checks. Knows no provider."""
