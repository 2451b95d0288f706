"""Scripted faults: the next matching request fails, before or after it has had its effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Fault:
    method: str
    path: re.Pattern[str]
    status: int
    headers: Mapping[str, str]
    body: object
    after_effect: bool
    times: int


@dataclass
class Faults:
    scripted: list[Fault] = field(default_factory=list)

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self.scripted:
            if fault.method == method and fault.path.search(path):
                fault.times -= 1
                if fault.times == 0:
                    self.scripted.remove(fault)
                return fault
        return None
