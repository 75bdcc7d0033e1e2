"""Carriers, one folder each. To add one: write its folder, name it in `registry.py`, run the contract."""
