"""Roll-overs of keys and algorithms, step by step (tests/lab/faults.py): a right one has no bogus moment, whatever the resolver still has
from the step before; a botched one is bogus, and the reason says why."""

import faults
import pytest
import sign
import tree
from faults import BROKEN_ROLLS, ROLLS, State
from validator import RESOLVER, validator

ROOT, PARENT, ZONES = "10.53.0.11", "10.53.0.12", "10.53.0.13"
TRANSITIONS = {f"{roll.name}-{n}.roll.": (before, after) for roll in ROLLS
               for n, (before, after) in enumerate(zip(roll.steps, roll.steps[1:]))}
BROKEN = {f"{fault.name}.roll.": fault for fault in BROKEN_ROLLS}
HALF = "half.roll."  # DS of two algorithms, of which one signs
QUESTIONS = [("www", "A"), ("other", "A"), ("www", "TXT"), ("x.wild", "A"), ("nope", "A"), ("www.old", "A"), ("@", "DNSKEY")]
# What a resolver may have of the step before when the next one comes. What it had of older ones expired: rolls wait for that.
KEPT = {
    "nothing": [],
    "the DS set": [("@", "DS", {})],
    "the keys": [("@", "DNSKEY", {})],
    "a secure answer": [("www", "A", {})],
    "answers that nobody checked": [("www", "A", {"cd": True}), ("other", "A", {"cd": True}), ("nope", "A", {"cd": True})],
}


class Rolling:
    """root, roll. and the zones below it, each on a knotd."""

    def __init__(self, folder):
        tree.own_addresses()
        self.servers = {where: tree.Knotd(folder / where, address) for where, address in
                        (("root", ROOT), ("parent", PARENT), ("zones", ZONES))}
        self.serial = 0
        self.ksk, self.zsk = faults.pair(7)
        self.show({zone: before for zone, (before, _) in TRANSITIONS.items()} | {zone: fault.state for zone, fault in BROKEN.items()} |
                  {HALF: faults.GOOD.but(ds=(faults.K1, faults.K15), keys=(faults.K1, faults.Z1, faults.K15))}, False)
        text = f"@ NS a.root.\na.root. A {ROOT}\n" + self.delegation("roll.", PARENT, [self.ksk.ds("roll.").to_text()])
        self.servers["root"].put(".", sign.Zone(".", text, (self.ksk, self.zsk)).sign((self.ksk,), (self.zsk,)).text())
        self.anchor = folder / "anchor"
        self.anchor.write_text(f". IN DS {self.ksk.ds('.').to_text()}\n")
        self.hints = {"a.root.": [ROOT]}
        for server in self.servers.values():
            server.start()

    @staticmethod
    def delegation(zone: str, address: str, ds: list[str]) -> str:
        return f"{zone} NS ns.{zone}\nns.{zone} A {address}\n" + "".join(f"{zone} DS {d}\n" for d in ds)

    def show(self, states: dict[str, State], running: bool = True) -> None:
        """These zones are in these states, and their parent says so."""
        self.serial += 1
        self.states = getattr(self, "states", {}) | states
        text = f"@ NS ns\nns A {PARENT}\n"
        for zone, state in self.states.items():
            made, ds = state.make(zone, ZONES, self.serial)
            self.servers["zones"].put(zone, made)
            text += self.delegation(zone, ZONES, ds)
        parent = sign.Zone("roll.", text, (self.ksk, self.zsk), serial=self.serial)
        self.servers["parent"].put("roll.", parent.sign((self.ksk,), (self.zsk,)).text())
        if running:
            for where in ("parent", "zones"):
                self.servers[where].reload()

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()


@pytest.fixture(scope="module")
def rolling(tmp_path_factory):
    world = Rolling(tmp_path_factory.mktemp("rolling"))
    yield world
    world.stop()


def full(owner: str, zone: str) -> str:
    return zone if owner == "@" else f"{owner}.{zone}"


@pytest.mark.parametrize("kept", KEPT)
def test_a_right_roll_has_no_bogus_moment(rolling, tmp_path, kept):
    rolling.show({zone: before for zone, (before, _) in TRANSITIONS.items()})
    wrong = []
    with validator(tmp_path / "resolver", rolling.hints, str(rolling.anchor)) as v:
        for zone in TRANSITIONS:
            for owner, rdtype, how in KEPT[kept]:
                if (heard := v.ask(full(owner, zone), rdtype, **how)).verdict == "bogus":
                    wrong.append(f"{zone} before, {owner} {rdtype}: {heard}")
        rolling.show({zone: after for zone, (_, after) in TRANSITIONS.items()})
        for zone, (before, after) in TRANSITIONS.items():
            for owner, rdtype in QUESTIONS:
                heard = v.ask(full(owner, zone), rdtype)
                if heard.verdict == "bogus" or before.ds and after.ds and not heard.ad:
                    wrong.append(f"{zone} {owner} {rdtype}: {heard}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.skipif(RESOLVER != "hark", reason="a setting of hark")
def test_every_algorithm_may_be_demanded_of_conservative_rolls(rolling, tmp_path):
    """RFC 6781 4.1.4. Those of the DS set are meant (RFC 6840 5.11), so that the liberal way passes, too; a DS whose algorithm does not sign does
    not."""
    rolling.show({zone: before for zone, (before, _) in TRANSITIONS.items()})
    said = {}
    with validator(tmp_path / "resolver", rolling.hints, str(rolling.anchor), settings={"dnssec": {"all-algorithms": "yes"}}) as v:
        for zone in TRANSITIONS:
            v.ask(f"www.{zone}")
        rolling.show({zone: after for zone, (_, after) in TRANSITIONS.items()})
        for zone in TRANSITIONS:
            said[zone] = {v.ask(full(owner, zone), rdtype).verdict for owner, rdtype in QUESTIONS}
        half = v.ask(f"www.{HALF}")
    assert not [zone for zone, verdicts in said.items() if "bogus" in verdicts], said
    assert half.verdict == "bogus", str(half)


@pytest.fixture(scope="module")
def ask(rolling, tmp_path_factory):
    with validator(tmp_path_factory.mktemp("broken"), rolling.hints, str(rolling.anchor)) as v:
        yield v.ask


def test_one_algorithm_suffices_by_default(ask):
    assert (heard := ask(f"www.{HALF}")).verdict == "secure", str(heard)


@pytest.mark.parametrize("zone", BROKEN)
def test_a_botched_roll_is_bogus(ask, zone):
    fault = BROKEN[zone]
    heard = ask(full(fault.ask[0], zone), fault.ask[1])
    assert heard.verdict == "bogus", f"{heard}: {fault.reason}"
    assert RESOLVER != "hark" or heard.ede & fault.ede, f"{heard}, not {sorted(fault.ede)}: {fault.reason}"
    unchecked = ask(full(fault.ask[0], zone), fault.ask[1], cd=True)
    assert unchecked.rcode != "SERVFAIL" and not unchecked.ad, str(unchecked)
