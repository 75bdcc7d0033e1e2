"""Stripe: the only place that imports its SDK. Plain values go in and come out."""
