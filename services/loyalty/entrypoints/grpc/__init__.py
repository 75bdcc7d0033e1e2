"""gRPC: requests in, answers out. Only for `serve`."""
