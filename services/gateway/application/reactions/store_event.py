"""Any event of any service is kept for the feed."""

from services.gateway.application.ports import Ports, RecordedEvent


async def store_event(ports: Ports, event: RecordedEvent) -> bool:
    """Keep the event; its unique id makes a second delivery harmless. False when it was there."""
    return await ports.events.add(event, ports.clock.now())
