"""gRPC servers and clients on asyncio: for `serve` and the gateway, never for `work` or `relay`."""
