"""The process map counts what follows what, and the findings name what is slow, repeated, or handed to and fro."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.casebook.exports.process import END, START, Graph, as_dot, duration
from services.casebook.exports.traces import Step

CASE = UUID(int=1)


def steps(*told: tuple[int, str, str]) -> list[Step]:
    return [Step(at * 1_000_000, activity, who, "intake", str(at)) for at, activity, who in told]


def test_an_edge_tells_how_often_and_how_long() -> None:
    graph = Graph()
    graph.add(UUID(int=1), steps((0, "opened", "door"), (10, "answered", "ana")))
    graph.add(UUID(int=2), steps((0, "opened", "door"), (30, "answered", "ben")))
    [edge] = [edge for edge in graph.edges() if (edge.before, edge.after) == ("opened", "answered")]
    assert (edge.times, edge.median_seconds, edge.p90_seconds) == (2, 20, 28)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abc"), st.sampled_from("xy")), min_size=1), min_size=1
    )
)
def test_every_step_is_entered_and_left_as_often_as_it_happens(cases: list[list[tuple[int, str, str]]]) -> None:
    graph = Graph()
    for number, case in enumerate(cases):
        graph.add(UUID(int=number), steps(*sorted(case)))
    edges = graph.edges()
    for activity, times in graph.steps.items():
        assert sum(edge.times for edge in edges if edge.after == activity) == times
        assert sum(edge.times for edge in edges if edge.before == activity) == times
    assert sum(edge.times for edge in edges if edge.before == START) == len(cases)
    assert sum(edge.times for edge in edges if edge.after == END) == len(cases)


def test_people_who_hand_a_case_to_and_fro_are_found() -> None:
    graph = Graph()
    graph.add(CASE, steps(*((at, "note", who) for at, who in enumerate(["ana", "ben", "ana", "ben"]))))
    [found] = [one for one in graph.findings() if one.kind == "ping_pong"]
    assert (found.what, found.examples) == ("ana and ben hand it to each other", (CASE,))


def test_two_turns_are_no_ping_pong_and_services_do_not_count() -> None:
    graph = Graph()
    graph.add(CASE, steps((0, "note", "ana"), (1, "read", "system:triage"), (2, "note", "ben"), (3, "note", "ana")))
    assert [one for one in graph.findings() if one.kind == "ping_pong"] == []


def test_what_is_done_again_is_rework_unless_it_is_talk() -> None:
    graph = Graph()
    graph.add(
        CASE,
        steps(
            (0, "message received", "door"),
            (1, "promise made", "ana"),
            (2, "message received", "door"),
            (3, "promise made", "ana"),
        ),
    )
    assert [one.what for one in graph.findings() if one.kind == "rework"] == ["promise made more than once"]


def test_the_longest_waits_come_first_with_the_slowest_cases() -> None:
    graph = Graph()
    for number, wait in enumerate((5, 500, 50)):
        graph.add(UUID(int=number), steps((0, "asked", "a"), (wait, "decided", "b"), (wait + 1, "told", "a")))
    slow = [one for one in graph.findings() if one.kind == "bottleneck"]
    assert [one.what for one in slow] == ["from asked to decided", "from decided to told"]
    assert slow[0].examples == (UUID(int=1), UUID(int=2), UUID(int=0))


def test_rare_steps_are_left_out_of_the_picture() -> None:
    graph = Graph()
    for number in range(10):
        graph.add(UUID(int=number), steps((0, "opened", "d"), (1, "rare" if number == 0 else "usual", "d")))
    assert "rare" in as_dot(graph)
    assert "rare" not in as_dot(graph, least=0.2)


def test_a_name_with_quotes_and_backslashes_stays_a_name() -> None:
    graph = Graph()
    graph.add(CASE, steps((0, 'say "hi" \\', "a")))
    assert r'"say \"hi\" \\"' in as_dot(graph)


def test_durations_are_said_in_the_unit_that_fits() -> None:
    assert [duration(seconds) for seconds in (0.25, 5, 90, 5400, 200_000)] == [
        "250 ms",
        "5.0 s",
        "1.5 min",
        "1.5 h",
        "2.3 d",
    ]
