"""The measurements with tiny numbers, hark alone, for ./dev test: that they count what they say. Prints TAP; no time is asserted."""

import dataclasses
import json
import statistics
import xml.etree.ElementTree as xml

import doc
import goals
import measure
import memory
import mixed
import report
import workers
from measure import Bench, Failures

ZONES, SIGNED = 40, 200
FLOOD = 9000  # one-time names


SEEN: goals.Tables = {}  # by part of ./dev bench all, what the cases measured


def seen(part: str, tables: dict) -> dict:
    SEEN[part] = tables
    return tables


def run(bench: Bench) -> int:
    failed = 0
    for number, case in enumerate(CASES, 1):
        said = ""
        try:
            case(bench)
        except (AssertionError, Failures) as error:
            failed, said = failed + 1, str(error)
        print(f"{'not ok' if said else 'ok'} {number} {case.__doc__}", flush=True)
        for line in said.splitlines():
            print(f"# {line}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


def changed(bench: Bench, **values) -> Bench:
    args = type(bench.args)(**vars(bench.args) | values)
    return dataclasses.replace(bench, args=args, folder=new_folder(bench))


def new_folder(bench: Bench):
    bench.runs += 100
    folder = bench.folder / f"smoke-{bench.runs}"
    folder.mkdir()
    return folder


def equal(got, wanted, what: str):
    if got != wanted:
        raise AssertionError(f"{what}: {got}, not {wanted}\n")


def check(holds: bool, what: str):
    if not holds:
        raise AssertionError(f"{what}\n")


def answers_from_the_cache(bench: Bench):
    """hits: no question goes upstream once the cache is warm"""
    bench = changed(bench)
    (rows,) = seen("hits", measure.hits(bench)).values()
    equal(sorted(rows), ["echo", "hark"], "servers")
    equal(rows["hark"]["upstream"], [0.0] * bench.args.rounds, "upstream messages by round")
    equal(rows["echo"]["upstream"], [0.0] * bench.args.rounds, "upstream messages of the echo server by round")
    check(min(rows["hark"]["cpu_us"]) > 0, f"no CPU time: {rows['hark']['cpu_us']}")


def two_workers_answer_as_one(bench: Bench):
    """workers: with one and with two, all is answered, and both rounds are compared"""
    (rows,) = seen("workers", workers.workers(changed(bench, window=128))).values()
    equal(sorted(rows), ["echo, 1", "echo, 2", "hark, 1", "hark, 2"], "servers")
    for kind in "echo", "hark":
        one, two, ratio = rows[f"{kind}, 1"]["cpu_us"], rows[f"{kind}, 2"]["cpu_us"], rows[f"{kind}, 2"]["ratio"]
        equal(ratio, [b / a for a, b in zip(one, two)], f"{kind}: two to one")
        check(len(ratio) == bench.args.rounds and min(ratio) > 0, f"{kind}: {ratio}")


def connections_are_counted(bench: Bench):
    """tcp: kept connections stay, and new ones are new"""
    bench = changed(bench, connections=4)
    *kept, new = seen("tcp", measure.tcp(changed(bench, window=8))).values()
    for name in "hark", "echo":
        for rows in kept:
            equal(rows[name]["connections"], [4.0] * bench.args.rounds, f"{name}: connections kept")
        equal(new[name]["connections"], [bench.args.count // 4 * 1.0] * bench.args.rounds, f"{name}: new connections")


def cold_names_go_upstream(bench: Bench):
    """misses: each cold name costs at least one upstream message and few more, is validated, and has the flag that it should have"""
    plain, rows = seen("misses", measure.misses(changed(bench, count=ZONES, validate=None))).values()
    each = plain["hark"]["upstream"] + rows["hark"]["upstream"]
    check(all(1 <= n <= 12 for n in each), f"upstream messages for a name: {each}")
    checked = rows["hark"]["verified"]
    check(len(checked) == bench.args.rounds and all(0 < n <= 8 for n in checked), f"signatures checked for a name: {checked}")
    check(rows["hark"]["allowed_us"][0] > min(plain["hark"]["cpu_us"]), "a check of a signature costs nothing")


def answers_are_kept(bench: Bench):
    """memory: all answers are in a cache with room for all, and take some"""
    bench = changed(bench, cache=64, small_cache=16)
    large, _, signed = seen("memory", memory.memory(bench)).values()
    for rows in large, signed:
        equal(rows["hark"]["kept"], [100.0], "percent kept")
    check(large["hark"]["rss_mib"][0] >= large["hark"]["idle_mib"][0] > 0, f"memory: {large['hark']}")


def a_day_is_mixed(bench: Bench):
    """mixed: names that exist and names that do not; what was not asked before goes upstream, and nothing else"""
    (rows,) = seen("mixed", mixed.mixed(changed(bench, rounds=1, count=400, rate=1000, window=400, cache=32))).values()
    row = rows["hark"]
    check(85 <= row["hit_rate"][0] <= 88, f"percent of hits: {row['hit_rate']}")  # proofs of absence may serve a few of the 3 %
    check(0.12 <= row["upstream"][0] <= 2, f"upstream messages each: {row['upstream']}")


def a_flood_passes(bench: Bench):
    """flood: names that clients keep asking for are still in the cache after it"""
    (rows,) = seen("flood", memory.flood(changed(bench, count=FLOOD, cache=4, names=ZONES))).values()
    row = rows["hark"]
    check(row["kept"][0] >= 95, f"percent of names still hits: {row['kept']}")
    equal(row["asked"], [FLOOD], "one-time names")


def localhost_is_answered(bench: Bench):
    """start: the first answer comes, and tables and JSON tell of it"""
    bench = changed(bench)
    tables = seen("start", measure.start(bench))
    (rows,), columns = tables.values(), dict.fromkeys(tables, measure.START)
    equal(len(rows["hark"]["ms"]), bench.args.rounds, "rounds")
    shown = report.table(rows, measure.START)
    check("hark" in shown and "1.00" in shown, shown)
    file = bench.folder / "out.json"
    report.write(file, report.about("smoke", bench.told), tables, columns, {})
    (told,) = json.loads(file.read_text())["tables"].values()
    equal(told["hark"]["ms"]["rounds"], rows["hark"]["ms"], "rounds in JSON")


def goals_are_judged(bench: Bench):
    """all: each goal finds its figures, is reached and missed as it says, and stands in the page with its plot"""
    tables = SEEN | {"zipf": SEEN["hits"]}
    found = {v.goal.id: v for v in goals.verdicts(tables)}
    equal(sorted(found), sorted(g.id for g in goals.GOALS if g.part != "instructions"), "goals with figures")
    beside_peers = {"tcp", "misses", "validated"}  # who are not here
    for v in found.values():
        equal(v.limit is not None, bool(v.goal.text) and v.goal.id not in beside_peers, f"{v.goal.id}: a limit")
        if v.limit is not None:
            holds = v.own >= v.limit if v.goal.least else v.own <= v.limit
            equal(v.reached, holds, f"{v.goal.id}: reached")
    hits = found["hits"]
    equal(hits.limit, 1.18 * statistics.median(hits.figures["echo"]), "1.18 times the echo server's")
    columns = {part: measure.PER_ANSWER for part in tables}
    doc.write(bench.folder / "page", report.about("smoke", bench.told), tables, columns)
    page = (bench.folder / "page/README.md").read_text()
    for v in found.values():
        check(v.goal.title in page, f"{v.goal.title} is not in the page")
        if len(v.figures) > 1:
            check(f"({v.goal.id}.svg)" in page, f"{v.goal.id}.svg is not in the page")
            bars = xml.parse(bench.folder / f"page/{v.goal.id}.svg").getroot().iter("{http://www.w3.org/2000/svg}rect")
            equal(len(list(bars)), len(v.figures), f"{v.goal.id}: bars")


def wrong_answers_are_noticed(bench: Bench):
    """a wrong address, a name that is not there and an echo are failures, over UDP and over TCP"""
    bench = changed(bench)
    server = bench.start("hark", 16)
    try:
        good = bench.world.names()[0]
        for n, line in enumerate([(good, "192.0.2.1"), (f"not-{good}", "192.0.2.1")]):
            for tool in "flood", "streams":
                must_fail(bench, tool, server, bench.names_file(f"wrong-{n}", [line]))
    finally:
        server.stop()
    for tool, transport in ("flood", "udp"), ("streams", "tcp"):
        echo = measure.servers.Echo(bench.tools / "echo", transport)
        echo.name = "no echo is expected of it"
        try:
            must_fail(bench, tool, echo, bench.names_file("names", [(good, "192.0.2.1")]))
        finally:
            echo.stop()


def must_fail(bench: Bench, tool: str, server, names):
    try:
        bench.ask(tool, server, names, count=3, window=1, patience=measure.COLD_PATIENCE_MS)
    except Failures:
        return
    raise AssertionError(f"{tool} finds nothing wrong with {names.read_text()}")


CASES = [answers_from_the_cache, two_workers_answer_as_one, connections_are_counted, cold_names_go_upstream, answers_are_kept,
         a_day_is_mixed, a_flood_passes, localhost_is_answered,
         goals_are_judged, wrong_answers_are_noticed]
