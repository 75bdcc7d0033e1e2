"""The rules of the specification, one a file. Functions over the account; pure, told the time."""
