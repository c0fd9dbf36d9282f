"""The rules without processes: simulated workers finish, fail and die in any order."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.support import Bounds
from vplugin.engine.arena import ArenaBook
from vplugin.engine.plan import EdgePlan, NodePlan, RunPlan
from vplugin.engine.scheduler import Scheduler
from vplugin.engine.wire import (
    Close,
    Closed,
    Done,
    End,
    Fail,
    Flush,
    FrameMessage,
    Job,
    Ready,
)


def chain(replicas, capacities, in_flight, action="passthrough") -> RunPlan:
    """src → n0 → n1 … → out, a plan without lanes."""
    names = ["src", *(f"n{i}" for i in range(len(replicas))), "out"]
    edges = [
        EdgePlan(f"{a}->{b}", a, b, "frame", capacity=capacity)
        for a, b, capacity in zip(names, names[1:], capacities, strict=False)
    ]
    nodes = {}
    for index, name in enumerate(names):
        count = replicas[index - 1] if 0 < index <= len(replicas) else 1
        role = "source" if index == 0 else "sink" if name == "out" else "node"
        nodes[name] = NodePlan(
            name, name, role, {}, tuple(edges[max(0, index - 1) : index]),
            tuple(edges[index : index + 1]), tuple(f"{name}#{i}" for i in range(count)),
            edits=role == "node", action=action if role == "node" else "fail",
        )  # fmt: skip
    return RunPlan("sim", nodes, {}, in_flight, in_flight, None, None, "auto", False,
                   stream_of=dict.fromkeys(names, "src"))  # fmt: skip


class Simulation:
    """Workers that hold their jobs until told what to do with them."""

    def __init__(self, plan: RunPlan, count: int) -> None:
        self.count = count
        self.book = ArenaBook(shared=False)
        self.bounds = Bounds(plan.max_in_flight)
        self.inbox: dict[str, deque] = {}
        self.out: list[tuple[int, str | None]] = []
        self.read = 0
        self.scheduler = Scheduler(plan, self.book, self.receive, probe=self.bounds)
        for node in plan.nodes.values():
            for key in node.workers:
                self.inbox[key] = deque()
        for key in self.inbox:
            info = {"title": "", "live": False, "frames": None} if key == "src#0" else None
            self.scheduler.on_ready(Ready(key, info, []))

    def receive(self, key, message) -> None:
        if isinstance(message, Close):
            self.inbox[key].clear()
            self.scheduler.on_closed(Closed(key, "{}", None))
        else:
            self.inbox[key].append(message)

    @property
    def busy(self) -> list[str]:
        return [key for key, box in self.inbox.items() if box]

    def finish(self, key: str) -> None:
        """The worker answers its oldest job."""
        message = self.inbox[key].popleft()
        if isinstance(message, Flush):
            self.scheduler.on_done(Done(key, message.job, (), None, 0))
        elif message.kind == "source":
            self._read(key, message)
        elif key.startswith("out"):
            item = next(iter(message.inputs.values()))
            self.out.append((item.seq, item.reason))
            self.scheduler.on_done(Done(key, message.job, (), item.reason, 0))
        else:
            frame = next(iter(message.inputs.values())).frames[0]
            slots = (*frame.slots, message.grants[0])
            done = Done(key, message.job, (frame._replace(slots=slots),), None, 0)
            self.scheduler.on_done(done)

    def _read(self, key: str, job: Job) -> None:
        if self.read == self.count:
            self.scheduler.on_end(End(key, job.job, {}))
            return
        frame = FrameMessage(self.read, (1, 30), job.grants, b"")
        self.read += 1
        self.scheduler.on_done(Done(key, job.job, (frame,), None, 0))

    def fail(self, key: str) -> None:
        message = self.inbox[key].popleft()
        self.scheduler.on_fail(Fail(key, "job", message.job, "because", ""))

    def die(self, key: str) -> None:
        self.inbox[key].clear()
        self.scheduler.on_lost([key], "was ended")
        self.scheduler.on_ready(Ready(key, None, []))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_all_frames_come_out_once_and_in_order_whatever_happens(data):
    replicas = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    capacities = data.draw(
        st.lists(st.integers(1, 4), min_size=len(replicas) + 1, max_size=len(replicas) + 1)
    )
    action = data.draw(st.sampled_from(["passthrough", "skip"]))
    count = data.draw(st.integers(0, 25))
    plan = chain(replicas, capacities, data.draw(st.integers(1, 8)), action)
    sim = Simulation(plan, count)
    trouble = data.draw(st.integers(0, 20))
    while not sim.scheduler.finished:
        key = data.draw(st.sampled_from(sim.busy))
        middle = not key.startswith(("src", "out"))
        job = sim.inbox[key][0]
        act = "finish"
        if middle and trouble and isinstance(job, Job):
            act = data.draw(st.sampled_from(["finish", "finish", "fail", "die"]))
            trouble -= act != "finish"
        getattr(sim, act)(key)
    assert sim.scheduler.error is None
    assert [seq for seq, _ in sim.out] == list(range(count))
    stream = sim.scheduler.ledger.streams["src"]
    assert stream.admitted == count
    assert stream.finished + sum(stream.lost.values()) == count
    assert sim.scheduler.ledger.in_flight == 0
    assert sim.book.used == 0
    assert all(edge.load == 0 for edge in sim.scheduler.edges.values())
    assert sim.scheduler.flow.suspects == 0
    assert all(not (n.promised or n.pending or n.redo) for n in sim.scheduler.nodes.values())
    assert not {**stream.tokens, **stream.fate, **stream.born}
    assert stream.extras == set()
    if action == "passthrough":
        assert stream.finished == count


def test_a_worker_that_answers_what_it_was_not_asked_ends_the_run():
    sim = Simulation(chain([1], [2, 2], 4), 3)
    sim.scheduler.on_done(Done("n0#0", 99, (), None, 0))
    assert "which it does not have" in str(sim.scheduler.error)


def test_a_frame_that_fails_for_good_gets_the_policy():
    sim = Simulation(chain([1], [2, 2], 4, "skip"), 1)
    while not sim.scheduler.finished:
        key = sim.busy[0]
        job = sim.inbox[key][0]
        work = isinstance(job, Job) and job.kind == "frame" and key == "n0#0"
        sim.fail(key) if work else sim.finish(key)
    assert sim.out == [(0, "failed")]
    assert sim.scheduler.nodes["n0"].failed == 1
    assert sim.scheduler.ledger.streams["src"].lost == {"failed": 1}


def test_a_source_reads_no_more_than_may_be_in_flight():
    sim = Simulation(chain([1], [9, 9], 3), 100)
    for _ in range(40):
        if sim.inbox["src#0"]:
            sim.finish("src#0")
    assert sim.read == 3
    assert sim.scheduler.ledger.in_flight == 3
