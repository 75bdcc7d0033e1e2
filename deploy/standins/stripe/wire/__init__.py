"""What crosses the wire: forms in, Stripe-shaped errors and answers out, API keys."""
