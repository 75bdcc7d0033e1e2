"""Kurier: a stand-in for a foreign courier company, spoken to over HTTP only."""
