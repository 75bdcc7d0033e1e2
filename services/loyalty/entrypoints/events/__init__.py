"""Events of others and timers. Only for `work`, so no grpc here."""
