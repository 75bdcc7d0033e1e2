class StripeError(Exception):
    """An answer that Stripe would give instead of a result.

    `saved` says whether the idempotency layer keeps it. Stripe keeps what an endpoint answered once
    it ran, and forgets requests it refused before running (validation, conflicts, rate limits).
    """

    def __init__(  # noqa: PLR0913 - the fields of Stripe's own error object
        self,
        status: int,
        error_type: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        extra: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        saved: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.saved = saved
        self.error = {"type": error_type, "message": message}
        optional = {"code": code, "param": param, **(extra or {})}
        self.error.update({name: value for name, value in optional.items() if value is not None})

    @property
    def body(self) -> dict[str, object]:
        """The JSON document Stripe answers with."""
        return {"error": self.error}


def refused(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    """Return a 400 from an endpoint that ran: the same key replays it."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param)


def malformed(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    """Return a 400 for parameters that never reached the endpoint: the key stays unused."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param, saved=False)


def no_such(kind: str, object_id: str, param: str = "id") -> StripeError:
    """Return Stripe's answer for an id it does not know: 404 in a path, 400 in a parameter."""
    return StripeError(
        404 if param == "id" else 400,
        "invalid_request_error",
        f"No such {kind}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def internal_error(headers: dict[str, str] | None = None) -> StripeError:
    """Return the 500 that Stripe gives when it does not say what went wrong."""
    message = "An unknown error occurred. Please contact support if the issue persists."
    return StripeError(500, "api_error", message, headers=headers)
