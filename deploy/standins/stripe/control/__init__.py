"""The endpoints under `/_control`, which tests and demonstrations steer the account with."""
