"""One test account in memory: its clock, objects, ledger and events."""
