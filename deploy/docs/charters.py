"""Every service's charter, read from the services themselves."""

import pkgutil
from importlib import import_module
from typing import NamedTuple

import services
from shared.contracts.catalogue import OWNERS
from shared.messaging.charter import Charter


class Chartered(NamedTuple):
    """A service's charter, and the line that says what the service is for."""

    charter: Charter
    purpose: str


def chartered() -> list[Chartered]:
    """Give all services, the owners of facts first, in the order a request goes through them."""
    modules = [import_module(f"services.{found.name}") for found in pkgutil.iter_modules(services.__path__)]
    found = [Chartered(module.CHARTER, (module.__doc__ or "").strip()) for module in modules]
    order = {owner: place for place, owner in enumerate(OWNERS)}
    return sorted(found, key=lambda service: (order.get(service.charter.owner, len(order)), service.charter.owner))


def listeners(owner: str, services: list[Chartered]) -> list[str]:
    """Give the services that listen to what `owner` publishes."""
    return [service.charter.owner for service in services if owner in service.charter.listens]
