"""The mean head as rings: a table of measured places, and the smooth surface through them.

From anthropometric means of adults (head length 195 mm, breadth 152, bizygomatic 136, bigonial 105,
nasion to menton 118, pupils 63 apart). Rows go down from the crown to the chest, stations from
the middle of the face (0) round to the middle of the back (8); the other half is the mirror image.
Features (nose, lids, lips) are not in it: `relief.py` models them.
"""

from __future__ import annotations

import numpy as np

from vplugin.synth.parts import Floats

STATIONS = 9
# One row each: nine places (x, y, z) in mm, in the head's frame.
_TABLE = (
    # 0 crown: all in one point
    ((0, -118, 74),) * STATIONS,
    # 1
    (
        (0, -111, 35), (8, -111, 36), (16, -111.4, 40), (23, -111.8, 48), (28.5, -112, 60),
        (31, -112, 76), (28, -112, 93), (17, -111, 108), (0, -111, 112),
    ),
    # 2
    (
        (0, -97, 9), (13, -97, 10), (26.5, -97, 14.5), (39, -97, 24), (48.5, -97, 42),
        (54.5, -97, 72), (53, -97, 102), (33, -96, 130), (0, -95, 138),
    ),
    # 3 hairline
    (
        (0, -75, -10), (15, -75, -9), (31, -75, -4), (45.5, -75, 7.5), (57.5, -75, 27),
        (68, -75, 64), (68, -75, 105), (44, -74, 142), (0, -73, 154),
    ),
    # 4 middle of the forehead
    (
        (0, -48, -20.5), (16, -48, -19.6), (32.5, -48, -14.5), (48.5, -48, -3), (61, -48, 19),
        (74, -49, 63), (75, -50, 106), (51, -50, 149), (0, -50, 166),
    ),
    # 5 brows
    (
        (0, -22, -24), (16, -22, -23.5), (32.5, -22, -20), (48.5, -22, -9.5), (60.5, -22, 13),
        (72, -24, 63), (75, -27, 108), (52, -29, 152), (0, -30, 169),
    ),
    # 6 eyes
    (
        (0, 0, -13), (16, 0, -8), (32.5, 0, -3), (48.5, 0, 2), (63, 0, 22),
        (70, -2, 66), (73.5, -5, 110), (51, -8, 152), (0, -9, 167),
    ),
    # 7 cheekbones
    (
        (0, 24, -16), (16.5, 24, -14.5), (33.5, 24, -12), (51, 24, -1), (65.5, 24, 24),
        (69, 22, 68), (70, 18, 112), (47.5, 13, 148), (0, 11, 161),
    ),
    # 8 base of the nose
    (
        (0, 49, -19.5), (16.5, 49, -18), (33, 49, -9.5), (49.5, 49, 4), (62.5, 49, 28),
        (66.5, 46, 68), (65, 40, 112), (44, 34, 144), (0, 31, 155),
    ),
    # 9 mouth
    (
        (0, 71.5, -20.5), (15, 71.5, -17), (29, 71.5, -6.5), (43, 71.5, 9), (54.5, 71.5, 32),
        (60.5, 66, 67), (59.5, 57, 106), (42.5, 52, 138), (0, 49, 147),
    ),
    # 10 chin
    (
        (0, 95, -17), (13, 95, -14), (25, 95, -3), (36.5, 93, 13), (47.5, 90, 35),
        (55.5, 80, 66), (56, 72, 100), (42, 67, 130), (0, 65, 141),
    ),
    # 11 border of the jaw
    (
        (0, 113.5, -11), (11.5, 113, -8), (22.5, 110.5, 2), (33.5, 105.5, 17), (45, 97, 37),
        (54, 90, 60), (54.4, 85, 95), (42, 81, 126), (0, 80, 138),
    ),
    # 12 under the jaw
    (
        (0, 118, 11), (11, 117.5, 12.5), (22, 115.5, 19), (33, 111, 30), (42.5, 105, 45),
        (50, 100, 64), (53.6, 97, 95), (42.5, 95, 124), (0, 94, 137),
    ),
    # 13 throat
    (
        (0, 125, 35), (12, 125, 36), (24, 124.5, 40), (32, 123.5, 48), (41.5, 123, 60),
        (49, 119, 77), (53, 116, 98), (42.5, 114, 124), (0, 112, 137),
    ),
    # 14 middle of the neck
    (
        (0, 156, 43), (13, 156, 44), (26, 155, 48.5), (35, 153.5, 57), (44, 152, 68.5),
        (51, 148, 84), (54.5, 144, 102), (44.5, 141, 128), (0, 138, 141),
    ),
    # 15 base of the neck
    (
        (0, 190, 47), (15, 189, 47.5), (32, 187, 51), (47, 183, 62), (59.5, 178, 76),
        (69, 173, 91), (70, 169, 109), (52, 164, 134), (0, 162, 148),
    ),
    # 16 collar bones
    (
        (0, 210, 45), (25, 208.5, 42), (57, 205, 48), (84, 201, 62), (103, 197, 79),
        (114, 192, 97), (110, 187, 119), (70, 181, 145), (0, 178, 156),
    ),
    # 17 shoulders
    (
        (0, 228, 38), (42, 226, 33), (92, 222, 42), (136, 219, 61), (160, 216, 83),
        (168, 212, 103), (158, 208, 128), (92, 200, 155), (0, 197, 164),
    ),
    # 18
    (
        (0, 265, 26), (50, 264, 19), (114, 262, 29), (167, 259, 54), (195, 255, 85),
        (201, 253, 109), (185, 250, 140), (103, 240, 168), (0, 237, 174),
    ),
    # 19
    (
        (0, 325, 12), (56, 325, 5), (121, 324, 16), (177, 323, 46), (206, 322, 86),
        (210, 321, 113), (192, 318, 148), (107, 309, 178), (0, 306, 182),
    ),
    # 20
    (
        (0, 420, 4), (58, 420, -4), (124, 420, 8), (180, 420, 40), (209, 420, 86),
        (213, 419, 114), (194, 416, 150), (108, 409, 180), (0, 406, 184),
    ),
)  # fmt: skip
ROWS = len(_TABLE)


def _slopes(values: Floats) -> Floats:
    """Slopes at the knots of the natural cubic spline along axis 0, knots one apart."""
    count = len(values)
    ratio = np.zeros(count)
    right = np.zeros_like(values)
    ratio[0], right[0] = 0.5, 1.5 * (values[1] - values[0])
    for k in range(1, count - 1):
        scale = 1.0 / (4.0 - ratio[k - 1])
        ratio[k] = scale
        right[k] = (3.0 * (values[k + 1] - values[k - 1]) - right[k - 1]) * scale
    last = 3.0 * (values[-1] - values[-2]) - right[-2]
    right[-1] = last / (2.0 - ratio[-2])
    for k in range(count - 2, -1, -1):
        right[k] = right[k] - ratio[k] * right[k + 1]
    return right


def spline(values: Floats, at: Floats) -> Floats:
    """The natural cubic spline through ``values``, whose knots are 0, 1, 2 …

    Args:
        values: (K, ...) one value for each knot.
        at: (N,) where it is wanted, from 0 to K - 1.

    Returns:
        (N, ...).
    """
    slopes = _slopes(values)
    knot = np.clip(np.floor(at).astype(np.int64), 0, len(values) - 2)
    u = (at - knot).reshape((-1,) + (1,) * (values.ndim - 1))
    v = 1.0 - u
    a, b, p, q = values[knot], values[knot + 1], slopes[knot], slopes[knot + 1]
    return np.asarray(v * v * (a * (1.0 + 2.0 * u) + p * u) + u * u * (b * (1.0 + 2.0 * v) - q * v))


def columns(stations: Floats) -> Floats:
    """The table's rows at other stations: (21, N, 3) mm for (N,) stations from 0 to 8."""
    table = np.array(_TABLE, np.float64)
    mirror = np.array([-1.0, 1.0, 1.0])
    front = table[:, 3:0:-1] * mirror
    back = table[:, -2:-5:-1] * mirror
    wide = np.concatenate([front, table, back], axis=1).transpose(1, 0, 2)
    return spline(wide, stations + 3.0).transpose(1, 0, 2)
