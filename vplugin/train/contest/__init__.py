"""Judging face swappers side by side: suites, contestants, evaluators, measures, intervals, report.

    with house() as seen:
        judges = Evaluators(identity=embed, reader=seen.reader)
        table = evaluate(suite, [*weightless(seen.sight), Function("mine", net)], judges)
    write_report(table, Path("out/judged"))

``vplugin evaluate swap`` is this from the command line. A measure alone misleads: the exact truth
keeps the target's skin, light and outline, so that a swapper which copies the target has the best
PSNR. *Target unchanged*, ``copy``, ``mesh`` and the exact truth are therefore rows of every table.
"""

from vplugin.train.contest.cases import Answer, Case, Clip, ListedSuite, Shot, Suite, Truth
from vplugin.train.contest.contestants import Contestant, Cropped, Function, Given, Staged
from vplugin.train.contest.evaluators import Evaluators, HouseReader
from vplugin.train.contest.house import House, house
from vplugin.train.contest.rendered import CaseSource, ClipSource, RenderedSuite, bank_cases
from vplugin.train.contest.report import write_report
from vplugin.train.contest.scoring import evaluate
from vplugin.train.contest.table import Table
from vplugin.train.contest.weightless import weightless

__all__ = [
    "Answer",
    "Case",
    "CaseSource",
    "Clip",
    "ClipSource",
    "Contestant",
    "Cropped",
    "Evaluators",
    "Function",
    "Given",
    "House",
    "HouseReader",
    "ListedSuite",
    "RenderedSuite",
    "Shot",
    "Staged",
    "Suite",
    "Table",
    "Truth",
    "bank_cases",
    "evaluate",
    "house",
    "weightless",
    "write_report",
]
