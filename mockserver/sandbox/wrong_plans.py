"""Whether what rules and faults changed about orders and deliveries can still be carried out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.domain.orders import Order
from mockserver.engine.delays import delay_from_data, settings_of
from mockserver.engine.machine import Machine
from mockserver.faults import webhook_kinds
from mockserver.faults.parse import fault_from_data
from mockserver.faults.settings import asked_by_fault
from mockserver.sandbox import codec
from mockserver.sandbox.json_objects import Unreadable
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.world import Rows

_Check = Callable[[Any, Machine, SettingsTable], str | None]


def wrong_plans(rows: Rows, machines: Mapping[str, Machine], settings: SettingsTable) -> Iterator[Unreadable]:
    """Yield the parts of orders' plans that no step could follow, and the faults that no delivery could suffer."""
    for key, data in rows.get("orders", {}).items():
        order = codec.decode_order(data)
        machine = machines.get(order.machine)
        if order.plan and machine is not None:
            yield from _wrong_plan(order, machine, settings, f"tables.orders.{key}.plan")
    for key, data in rows.get("deliveries", {}).items():
        for kind, argument in webhook_kinds.written(codec.decode_delivery(data).hostile):
            try:
                kind.check(argument)
            except ValueError as error:
                yield Unreadable(f"tables.deliveries.{key}.hostile.{kind.name}", str(error))


def _wrong_plan(order: Order, machine: Machine, settings: SettingsTable, path: str) -> Iterator[Unreadable]:
    for name, value in (order.plan or {}).items():
        check = _CHECKS.get(name)
        problem = "is not known" if check is None else check(value, machine, settings)
        if problem is not None:
            yield Unreadable(f"{path}.{name[:100]}", problem)


def _delays(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    if not isinstance(value, dict):
        return "must be an object"
    for data in value.values():
        try:
            names = settings_of(delay_from_data(data))
        except ValueError as error:
            return str(error)
        if problem := next(filter(None, map(settings.span_problem, names)), None):
            return problem
    return None


def _never(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    return None if isinstance(value, list) and all(isinstance(one, str) for one in value) else "must be a list of texts"


def _start(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    return None if isinstance(value, str) and value in machine.states else "must be a state of the order's machine"


def _outcomes(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    if not isinstance(value, dict):
        return "must be an object"
    return next(filter(None, (_start(target, machine, settings) for target in value.values())), None)


def _faults(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    if not isinstance(value, list):
        return "must be a list"
    errors: list[str] = []
    for one in value:
        if not isinstance(one, dict) or set(one) != {"key", "provider", "data"} or not isinstance(one["data"], dict):
            return "must have key, provider and data each"
        fault = fault_from_data(one["data"], key=str(one["key"]), refuse=lambda _, text: errors.append(text))
        if not errors:
            errors.extend(filter(None, (settings.span_problem(name) for _, name in asked_by_fault(fault))))
    return errors[0] if errors else None


def _quiet_until(value: Any, machine: Machine, settings: SettingsTable) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else "must be a whole number"


_CHECKS: Mapping[str, _Check] = {
    "delays": _delays,
    "faults": _faults,
    "never": _never,
    "outcomes": _outcomes,
    "quiet_until": _quiet_until,
    "start": _start,
}
