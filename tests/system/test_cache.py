"""The second answer comes from the cache; an entry ends when its owner said."""

import time

import pytest
from conftest import asked, exchange, rdata

pytestmark = pytest.mark.usefixtures("lab_harkd")


def ttl(reply) -> int:
    return min(rrset.ttl for rrset in reply.answer or reply.authority)


def test_second_ask_comes_from_the_cache_with_a_smaller_ttl():
    first = exchange("steady.counted.org.")
    seen = len(asked("steady.counted.org.", "A"))
    time.sleep(1.1)
    second = exchange("steady.counted.org.")
    assert rdata(first, "A") == rdata(second, "A") == {"192.0.2.83"}
    assert 3600 - 60 < ttl(second) < ttl(first) <= 3600
    assert len(asked("steady.counted.org.", "A")) == seen >= 1


def test_letter_case_shares_an_entry():
    exchange("mixed.counted.org.")
    seen = len(asked("mixed.counted.org.", "A"))
    exchange("MIXED.counted.ORG.")
    assert len(asked("mixed.counted.org.", "A")) == seen


def test_a_record_of_five_seconds_is_fetched_again_after_five_seconds():
    start = time.monotonic()
    first = exchange("brief.counted.org.")
    seen = len(asked("brief.counted.org.", "A"))
    assert ttl(first) <= 5
    time.sleep(2)
    again = exchange("brief.counted.org.")
    if time.monotonic() - start < 4.5:  # else this machine is too slow to say
        assert len(asked("brief.counted.org.", "A")) == seen
        assert ttl(again) < 5
    time.sleep(4)
    renewed = exchange("brief.counted.org.")
    assert len(asked("brief.counted.org.", "A")) > seen
    assert rdata(renewed, "A") == {"192.0.2.82"}


def test_a_denial_is_remembered_with_its_own_ttl():
    first = exchange("missing.counted.org.")
    seen = len(asked("missing.counted.org."))
    time.sleep(1.1)
    second = exchange("missing.counted.org.")
    assert 0 < ttl(second) < ttl(first) <= 300, "RFC 2308 5: the least of the SOA's TTL and its MINIMUM"
    assert len(asked("missing.counted.org.")) == seen


def test_ttl_zero_is_not_kept():
    exchange("zero.python.org.")
    reply = exchange("zero.python.org.")
    assert rdata(reply, "A") == {"192.0.2.95"}
    assert ttl(reply) == 0
