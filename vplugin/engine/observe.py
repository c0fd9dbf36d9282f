"""The run's numbers for Prometheus, served on an address of one's choice while the graph runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vplugin.engine.scheduler import Scheduler
from vplugin.errors import EngineError
from vplugin.graph.spec import PrometheusSpec


class RunCollector(Collector):
    """Reads the scheduler's accounts when asked; keeps no copy of them."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def collect(self) -> Iterator[Metric]:
        """All metrics, by stream, node and edge."""
        yield from self._streams()
        yield from self._nodes()
        queued = GaugeMetricFamily("vplugin_edge_load", "Credits in use", labels=["edge"])
        for key, edge in self._scheduler.edges.items():
            queued.add_metric([key], edge.load)
        yield queued

    def _streams(self) -> Iterator[Metric]:
        frames = CounterMetricFamily(
            "vplugin_frames", "Frames by what became of them", labels=["stream", "fate", "reason"]
        )
        flight = GaugeMetricFamily("vplugin_in_flight", "Frames in the graph", labels=["stream"])
        latency = GaugeMetricFamily(
            "vplugin_latency_seconds", "Entrance to exit", labels=["stream", "quantile"]
        )
        for name, stream in self._scheduler.ledger.streams.items():
            frames.add_metric([name, "admitted", ""], stream.admitted)
            frames.add_metric([name, "finished", ""], stream.finished)
            for fate, reasons in (("dropped", stream.dropped), ("lost", stream.lost)):
                for reason, count in list(reasons.items()):
                    frames.add_metric([name, fate, reason], count)
            flight.add_metric([name], len(stream.tokens))
            for share in (0.5, 0.95, 0.99):
                value = stream.latency.quantile(share)
                if value is not None:
                    latency.add_metric([name, str(share)], value / 1000)
        yield from (frames, flight, latency)

    def _nodes(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily("vplugin_jobs", "Frames by node", labels=["node", "outcome"])
        seconds = GaugeMetricFamily(
            "vplugin_node_seconds", "Time a frame takes", labels=["node", "quantile"]
        )
        for name, node in self._scheduler.nodes.items():
            jobs.add_metric([name, "processed"], node.processed)
            jobs.add_metric([name, "failed"], node.failed)
            jobs.add_metric([name, "retried"], node.retried)
            for share in (0.5, 0.95):
                value = node.times.quantile(share)
                if value is not None:
                    seconds.add_metric([name, str(share)], value / 1000)
        yield from (jobs, seconds)


@contextmanager
def serve_metrics(wanted: PrometheusSpec | None, scheduler: Scheduler) -> Iterator[int | None]:
    """Serve ``/metrics`` while the block runs; yields the port, or None if nobody asked for it.

    Raises:
        EngineError: The address cannot be listened at.
    """
    if wanted is None:
        yield None
        return
    registry = CollectorRegistry()
    registry.register(RunCollector(scheduler))
    try:
        server, thread = start_http_server(wanted.port, wanted.host, registry)
    except OSError as error:
        raise EngineError(
            f"cannot serve metrics: {error.strerror}", where=f"{wanted.host}:{wanted.port}",
            mend="choose another observe.prometheus.port",
        ) from error  # fmt: skip
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
