"""A Stripe stand-in for local runs and tests: real HTTP, the real SDK, no Stripe account."""
