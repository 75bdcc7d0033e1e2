"""What `migrate` creates for this service."""

from services.chassis.mongo.migrations import Schema
from services.refunds.adapters.mongo import journal, legs, payments, psp_events, refunds, runs

SCHEMA = Schema(
    {
        payments.PAYMENTS: payments.INDEXES,
        refunds.REFUNDS: refunds.INDEXES,
        legs.LEGS: legs.INDEXES,
        journal.JOURNAL: journal.JOURNAL_INDEXES,
        journal.BREAKS: journal.BREAKS_INDEXES,
        psp_events.PSP_EVENTS: psp_events.INDEXES,
        runs.RUNS: [],
    }
)
