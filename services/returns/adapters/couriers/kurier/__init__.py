"""Kurier's API, version 2, spoken to over HTTP."""
