"""The contract's second half: what happens on the way, and how we are told."""

from datetime import timedelta

import pytest

from services.returns.domain import carrier_errors as errors
from services.returns.domain.carriage import CancelOutcome, CarrierPickupState
from services.returns.domain.carrier_events import AttemptFailure, CarrierEventCode
from tests.contracts.carriers.carrier_contract import (
    CALL,
    CarrierWorld,
    booked,
    codes,
    is_utc,
    pushed,
    slots,
)

WEEK = timedelta(days=7)


class ContractOfEvents:
    def test_a_journey_climbs_the_ladder(self, world: CarrierWorld) -> None:
        made, pickup = booked(world)
        world.advance(WEEK)
        events = world.gateway.track(made.tracking_numbers, call=CALL)
        ranks = [event.code.rank for event in events if event.code.rank is not None]
        assert ranks == sorted(ranks)
        assert set(ranks) == {1, 2, 3, 4, 5}
        found = codes(events)
        assert found[:4] == ["LABEL_CREATED", "PICKUP_SCHEDULED", "OUT_FOR_PICKUP", "COLLECTED"]
        assert found[-1] == "DELIVERED"
        collected = events[3]
        assert collected.code.is_possession
        assert pickup.window.start <= collected.occurred_at <= pickup.window.end
        assert is_utc(collected.occurred_at)
        assert collected.carrier_pickup_id == pickup.carrier_pickup_id
        assert collected.carrier == world.gateway.name
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is CarrierPickupState.COLLECTED

    def test_pushed_and_polled_events_are_the_same(self, world: CarrierWorld) -> None:
        made, _ = booked(world, parcels=2)
        world.advance(WEEK)
        told = pushed(world)
        polled = world.gateway.track(made.tracking_numbers, call=CALL)
        assert {event.unique_key for event in told} == {event.unique_key for event in polled}
        assert {event.tracking_no for event in told} == set(made.tracking_numbers)
        assert all(len(event.raw_sha256) == 64 for event in (*told, *polled))

    def test_duplicates_and_shuffles_change_no_keys(self, world: CarrierWorld) -> None:
        made, _ = booked(world)
        world.advance(timedelta())
        before = pushed(world)
        world.disorder(duplicate=2, shuffle=5)
        world.advance(WEEK)
        told = pushed(world)
        polled = world.gateway.track(made.tracking_numbers, call=CALL)
        assert len(told) == 3 * (len(polled) - len(before))
        assert len({event.unique_key for event in told}) == len(told) / 3
        times = [event.occurred_at for event in told]
        assert times != sorted(times)

    def test_an_absent_customer_is_visited_again(self, world: CarrierWorld) -> None:
        made, pickup = booked(world, "p/1-FAIL1")
        world.advance(pickup.window.end - world.now())
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is CarrierPickupState.ATTEMPT_FAILED
        world.advance(WEEK)
        events = world.gateway.track(made.tracking_numbers, call=CALL)
        (failed,) = [e for e in events if e.code is CarrierEventCode.PICKUP_ATTEMPT_FAILED]
        assert failed.reason == AttemptFailure.CUSTOMER_ABSENT
        assert "COLLECTED" in codes(events)[codes(events).index("PICKUP_ATTEMPT_FAILED") :]

    def test_a_failed_visit_can_be_rescheduled_by_us(self, world: CarrierWorld) -> None:
        made, pickup = booked(world, "p/1-FAIL1")
        world.advance(pickup.window.end - world.now())
        chosen = slots(world, days=7)[-1]
        moved = world.gateway.reschedule_pickup(pickup.carrier_pickup_id, chosen.id, call=CALL)
        assert moved.window.start == chosen.start
        world.advance(WEEK)
        events = world.gateway.track(made.tracking_numbers, call=CALL)
        (collected,) = [e for e in events if e.code is CarrierEventCode.COLLECTED]
        assert chosen.start <= collected.occurred_at <= chosen.end

    def test_a_courier_who_does_not_come_is_the_carriers_fault(self, world: CarrierWorld) -> None:
        made, _ = booked(world, "p/1-NOSHOW")
        world.advance(WEEK)
        events = world.gateway.track(made.tracking_numbers, call=CALL)
        (failed,) = [e for e in events if e.code is CarrierEventCode.PICKUP_ATTEMPT_FAILED]
        reason = AttemptFailure(failed.reason)
        assert reason is AttemptFailure.COURIER_NO_SHOW
        assert not reason.counts_against_customer

    def test_lost_goods_are_reported_and_not_delivered(self, world: CarrierWorld) -> None:
        made, _ = booked(world, "p/1-LOST")
        world.advance(WEEK)
        found = codes(world.gateway.track(made.tracking_numbers, call=CALL))
        assert found[-1] == "LOST"
        assert "COLLECTED" in found
        assert "DELIVERED" not in found

    def test_a_moved_pickup_is_collected_in_its_new_window(self, world: CarrierWorld) -> None:
        made, pickup = booked(world)
        chosen = slots(world)[4]
        moved = world.gateway.reschedule_pickup(pickup.carrier_pickup_id, chosen.id, call=CALL)
        assert moved.window.start == chosen.start
        world.advance(WEEK)
        events = world.gateway.track(made.tracking_numbers, call=CALL)
        (collected,) = [e for e in events if e.code is CarrierEventCode.COLLECTED]
        assert chosen.start <= collected.occurred_at <= chosen.end

    def test_collected_goods_are_too_late_for_changes(self, world: CarrierWorld) -> None:
        made, pickup = booked(world)
        world.advance(pickup.window.end - world.now())
        with pytest.raises(errors.TooLate):
            world.gateway.reschedule_pickup(pickup.carrier_pickup_id, slots(world)[0].id, call=CALL)
        with pytest.raises(errors.TooLate):
            world.gateway.void_shipment(made.carrier_shipment_id, call=CALL)
        result = world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
        assert result.outcome is CancelOutcome.REJECTED

    def test_a_cancelled_pickup_collects_nothing(self, world: CarrierWorld) -> None:
        made, pickup = booked(world)
        world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
        world.advance(WEEK)
        found = codes(world.gateway.track(made.tracking_numbers, call=CALL))
        assert found == ["LABEL_CREATED", "PICKUP_SCHEDULED", "PICKUP_CANCELLED"]

    @pytest.mark.parametrize(
        ("ending", "event", "state"),
        [
            ("PENDING", "PICKUP_CANCELLED", CarrierPickupState.CANCELLED),
            ("PENDINGNO", "PICKUP_CANCEL_REJECTED", CarrierPickupState.SCHEDULED),
        ],
    )
    def test_a_pending_cancellation_is_answered_by_an_event(
        self, world: CarrierWorld, ending: str, event: str, state: CarrierPickupState
    ) -> None:
        _, pickup = booked(world, f"p/1-{ending}")
        result = world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
        assert result.outcome is CancelOutcome.PENDING
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is CarrierPickupState.CANCEL_REQUESTED
        world.advance(timedelta(minutes=30))
        assert codes(pushed(world))[-1] == event
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is state

    def test_unknown_numbers_are_absent(self, world: CarrierWorld) -> None:
        made, _ = booked(world)
        events = world.gateway.track([*made.tracking_numbers, "XX1"], call=CALL)
        assert {event.tracking_no for event in events} == set(made.tracking_numbers)
        assert world.gateway.track([], call=CALL) == ()

    def test_a_push_that_was_touched_is_bad(self, world: CarrierWorld) -> None:
        booked(world)
        world.advance(timedelta())
        headers, body = world.pushes()[0]
        assert world.gateway.parse_webhook({k.upper(): v for k, v in headers.items()}, body)
        for bad_headers, bad_body in (
            (headers, body.replace(b"0", b"1", 1)),
            ({}, body),
            (dict.fromkeys(headers, "rubbish"), body),
            (headers, b""),
        ):
            with pytest.raises(errors.BadWebhook):
                world.gateway.parse_webhook(bad_headers, bad_body)

    @pytest.mark.parametrize("minutes", [6, -6])
    def test_an_old_push_is_bad(self, world: CarrierWorld, minutes: int) -> None:
        booked(world)
        world.advance(timedelta())
        headers, body = world.pushes()[0]
        world.shift_receiver(timedelta(minutes=minutes))
        with pytest.raises(errors.BadWebhook):
            world.gateway.parse_webhook(headers, body)
