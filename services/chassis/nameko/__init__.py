"""The `work` process: nameko on eventlet. Nothing here may meet grpc, and `serve` may import nothing here."""
