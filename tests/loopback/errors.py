"""The ways a request can be refused, apart from faults in the loopback GitHub itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Refused(Exception):
    """GitHub says no, in a way the real one would say it."""

    status: int
    message: str
    errors: tuple[dict[str, str], ...] = ()

    def payload(self) -> dict[str, object]:
        answer: dict[str, object] = {"message": self.message, "status": str(self.status)}
        if self.errors:
            answer["errors"] = list(self.errors)
        return answer


def invalid(resource: str, field: str, message: str, code: str = "custom") -> Refused:
    """A 422 shaped like GitHub's validation errors."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    return Refused(422, "Validation Failed", (error,))


@dataclass
class Violation(Exception):
    """The client did something this stand-in cannot vouch for; the test must fail."""

    message: str
    status: int = 501
