"""Events between services: what the broker holds, the relay that fills it, letters that died. No eventlet."""
