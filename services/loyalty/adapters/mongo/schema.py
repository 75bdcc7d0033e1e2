"""What `migrate` creates for this service."""

from services.chassis.mongo.migrations import Schema
from services.loyalty.adapters.mongo import accounts, entries, lots, programs, reservations

SCHEMA = Schema(
    {
        programs.PROGRAMS: [],
        accounts.ACCOUNTS: accounts.INDEXES,
        entries.ENTRIES: entries.INDEXES,
        lots.LOTS: lots.INDEXES,
        reservations.RESERVATIONS: reservations.INDEXES,
    }
)
