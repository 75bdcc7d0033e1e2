"""A stand-in for a mail server: takes every message over SMTP, shows it over HTTP, sends nothing on."""
