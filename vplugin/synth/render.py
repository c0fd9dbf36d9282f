"""Draws a scene: the one place where head, hair, wear, things, light and backdrop meet.

The calls made to the other modules (all mm are float64, all colours linear RGB; a *turning* is 1
for what moves with the head, 0 for what stays with the shoulders):

* ``head.build_head(person, expression) -> Head`` with ``parts``, ``turning`` (one (V,) array per
  part), ``points5 (5, 3)``, ``landmarks68``, ``landmarks106``, ``iris (2, 3)``, ``outline (N, 3)``
  (hairline, ears, jaw: its projection's bounds are the face box) and ``scalp`` for hair.
* ``skin.skin_parameters(person, expression) -> (K,) float64`` once a subject, and the jitted
  ``skin.paint(x, y, z, given, out)`` once a sample of ``Material.SKIN``: face coordinates in, out
  float64 (8,): albedo r g b, gloss 0..1, roughness 0..1, height mm (wrinkles, pores; the engine
  differentiates it), thin 0..1 (light shines through: ears, nose wings), wet 0..1 (lips, lid rim).
  Likewise ``eye_paint.eye_parameters(person)`` and ``eye_paint.paint_eye(x, y, z, given, out)`` of
  ``Material.EYE`` (texture in mm from the eyeball's centre, -z through the pupil), and
  ``mouth_paint.paint_mouth(x, y, z, material, given, out)`` of TEETH and MOUTH.
* ``wear.dress(person.wear, head) -> Outfit`` with ``parts`` and ``turning``; a part with
  ``opacity`` < 1 is drawn over the strands. ``wear.paint_cloth(x, y, z, part row, out)``, out (5,):
  albedo r g b, gloss, height mm; part row float64 (8,): colour r g b, gloss, pattern, seed,
  material, opacity. It paints CLOTH, FELT, PAPER, PLASTIC and METAL.
* ``props.Prop.parts() -> tuple[Part, ...]`` in the scene's space; skin of hands is a Part of
  ``Material.PLASTIC``-like shading only if it is not skin: use ``Material.SKIN`` with ``colour`` set
  and ``label`` HAND, then ``colour`` is its tone.
* ``hair.grow(person, head) -> tuple[Strands, ...]`` (scalp hair, brows, lashes, beard) in the head
  frame; the person's ``wear`` says which hat covers it. The engine poses the points.
* ``strand_raster.draw_strands(colour, depth, segment, cover, subject, points, radii, colours,
  tips, starts, look, focal, centre, light, map)``, jitted, once for each ``Strands``, farthest
  first. Buffers are supersampled (twice the picture): ``colour (h, w, 3) float32`` linear light
  (premultiplied is not used: the backdrop is already there), ``depth (h, w) float32`` mm, inf where
  nothing, ``segment (h, w) uint8``, ``cover (h, w) float32`` 0..1 how much is not backdrop,
  ``subject (h, w) uint8``. ``points (P, 3)`` mm in the scene's space; ``radii (S,)`` mm;
  ``look (6,)``: label, gloss, opacity, subject + 1, seed, 0. ``focal`` samples, ``centre (2,)``:
  ``u = centre[0] + focal * x / z``. ``light``: (L, 8) rows of direction to the light x y z, radiance
  r g b, is-shadowed, size; the last row is the ambient: its direction is up, radiance the mean.
  ``map``: light-space shadow maps, to be asked through ``shadow.lit(map, x, y, z)`` (of solids) and
  ``shadow.through(map, x, y, z)`` (of hair, 0..1 transmitted).
* ``backdrop.draw_backdrop(backdrop, width, height) -> (height, width, 3) float32`` linear, 0 to
  about 1.5, already out of focus.
"""

from __future__ import annotations
