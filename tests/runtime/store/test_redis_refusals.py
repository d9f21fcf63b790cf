"""What Redis says of refusals: names in notices, and a log that was cut."""

from __future__ import annotations

import pytest
from stage import free_port

from proxy.runtime.store import redis_ledger
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.ledger_function import TEXT, lasting_keys
from proxy.runtime.store.notices import PERSON
from proxy.runtime.store.redis_ledger import CHANGES, RedisLedger
from proxy.runtime.store.redis_notices import CHANNEL
from proxy.runtime.store.redis_place import Place
from proxy.runtime.store.redis_refusals import EMPTY, RedisRefusals
from tests.runtime.store.histories import NOON, keys
from tests.runtime.store.histories import PERSON as SOMEBODY
from tests.runtime.store.redis_servers import RedisServer


async def test_the_name_in_a_notice_is_that_of_the_lists() -> None:
    source, person = RedisRefusals(Place(("redis://127.0.0.1:1",))), keys().person("acme", SOMEBODY, NOON)
    assert source.noticed(PERSON + lasting_keys(person)[0]) == source.name(person)
    assert f"'{CHANNEL}', '{PERSON.decode()}'" in TEXT
    await source.close()


@pytest.mark.tool
async def test_a_log_that_was_cut_is_told(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_ledger, "CHANGES_KEPT", 10)
    with redis_server.client() as client:
        client.flushall()
        client.config_set("stream-node-max-entries", 5)
    place = Place((redis_server.url,))
    ledger, source = RedisLedger(place, keys(), lambda: NOON, 5.0), RedisRefusals(place)
    await ledger.refuse("acme", SOMEBODY, NOON, "607", "call-0")
    early = await source.position()
    for number in range(40):
        await ledger.refuse("acme", SOMEBODY, NOON, "607", f"call-{number}")
    assert await source.changed(early) is None
    with redis_server.client() as client:
        client.config_set("stream-node-max-entries", 100)
        client.xtrim(CHANGES, maxlen=0)
    assert await source.position() == EMPTY
    await ledger.close()
    await source.close()


async def test_a_server_that_is_not_there_is_silent() -> None:
    source = RedisRefusals(Place((f"redis://127.0.0.1:{free_port()}",)))
    with pytest.raises(LedgerSilent, match="unreachable"):
        await source.position()
    await source.close()
