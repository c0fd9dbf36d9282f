"""Which shape a head has: groups of parameters, each in standard deviations from the mean adult.

`shape_fields.py` says what one standard deviation moves. Ageing and sex are not here: they shift
the means these are drawn about (see `person.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.parameters import Group, number


def deviations(sentence: str, limit: float = 3.0) -> float:
    """A parameter in standard deviations: mean 0, cut off at ``limit``."""
    value: float = number(-limit, limit, 0, 0.72, "deviations", sentence)
    return value


@dataclass(frozen=True)
class Skull(Group):
    """The head as a whole."""

    breadth: float = deviations("Width of the skull above the ears.")
    length: float = deviations("From the forehead to the back of the head.")
    height: float = deviations("Of the vault above the brows.")
    occiput: float = deviations("How far the back of the head stands out.")
    crown: float = deviations("Pointed (+) or flat vault.")
    forehead_slope: float = deviations("Steep (+) or receding forehead.")
    forehead_bulge: float = deviations("Round and full forehead.")
    forehead_width: float = deviations("Width at the temples' lines.")
    temples: float = deviations("Full (+) or hollow temples.")
    brow_ridge: float = deviations("Bony ridge over the eyes.")
    glabella: float = deviations("Fullness between the brows.")


@dataclass(frozen=True)
class Cheeks(Group):
    """The middle of the face."""

    width: float = deviations("Between the cheekbones.")
    bones: float = deviations("How far the cheekbones stand out.")
    bone_height: float = deviations("High (+) or low cheekbones.")
    fullness: float = deviations("Flesh of the cheeks, full or hollow.")
    apples: float = deviations("Round cheeks below the eyes.")
    depth: float = deviations("Flat (+) or projecting middle of the face.")
    length: float = deviations("From the eyes to the base of the nose.")
    folds: float = deviations("Depth of the fold from nose to mouth.")
    weight: float = deviations("Lean (-) or heavy (+) all over the face and neck.")


@dataclass(frozen=True)
class Jaw(Group):
    """The lower face."""

    width: float = deviations("Between the angles of the jaw.")
    square: float = deviations("Angles low and square (+) or high and soft.")
    taper: float = deviations("Narrowing towards the chin.")
    length: float = deviations("From the mouth to the chin.")
    chin_width: float = deviations("Width of the chin.")
    chin_forward: float = deviations("Projecting (+) or receding chin.")
    chin_point: float = deviations("Pointed chin.")
    chin_cleft: float = deviations("Dimple in the chin.")
    chin_fold: float = deviations("Furrow between lower lip and chin.")
    jowls: float = deviations("Sagging at the border of the jaw.")
    underchin: float = deviations("Flesh under the chin.")
    skew: float = deviations("Chin off the middle.")


@dataclass(frozen=True)
class Nose(Group):
    """The nose."""

    length: float = deviations("From root to tip.")
    projection: float = deviations("How far the tip stands out.")
    root: float = deviations("High (+) or low root between the eyes.")
    root_width: float = deviations("Width of the root.")
    bridge: float = deviations("Height of the bridge.")
    bridge_width: float = deviations("Width of the bridge.")
    hump: float = deviations("Convex (+) or concave profile.")
    tip_width: float = deviations("Round, broad tip.")
    tip_turn: float = deviations("Tip turned up (+) or drooping.")
    tip_size: float = deviations("Bulbous tip.")
    wings: float = deviations("Width between the wings.")
    wing_height: float = deviations("Wings high (+) or low.")
    wing_round: float = deviations("Full, round wings.")
    stem: float = deviations("Columella shown below the wings.")
    bend: float = deviations("Bridge off the middle.")


@dataclass(frozen=True)
class Eyes(Group):
    """Eyes, lids and the brows' place."""

    spacing: float = deviations("Distance of the eyes.")
    width: float = deviations("Length of the opening.")
    opening: float = deviations("Height of the opening.")
    tilt: float = deviations("Outer corners up (+) or down.")
    depth: float = deviations("Deep-set (+) or prominent.")
    crease: float = deviations("Height of the upper lid's crease.")
    hood: float = deviations("Fold hanging over the upper lid.")
    inner_fold: float = deviations("Fold over the inner corner.")
    fullness: float = deviations("Full (+) or hollow below the brow.")
    bags: float = deviations("Bags below the eyes.")
    brow_height: float = deviations("Height of the brows.")
    brow_arch: float = deviations("Arched brows.")
    brow_tilt: float = deviations("Outer ends up (+) or down.")
    brow_spacing: float = deviations("Distance between the brows.")
    uneven: float = deviations("One eye and brow higher than the other.")


@dataclass(frozen=True)
class Mouth(Group):
    """Lips and what is round them."""

    width: float = deviations("Between the corners.")
    upper: float = deviations("Fullness of the upper lip.")
    lower: float = deviations("Fullness of the lower lip.")
    bow: float = deviations("Cupid's bow.")
    corners: float = deviations("Corners up (+) or down.")
    forward: float = deviations("Lips and teeth forward.")
    philtrum: float = deviations("Depth of the groove below the nose.")
    height: float = deviations("Mouth high (+), so a short upper lip, or low.")
    overbite: float = deviations("Lower lip behind (+) or before the upper.")
    teeth_size: float = deviations("Large teeth.")
    teeth_gaps: float = deviations("Gaps and turns between the teeth.")
    uneven: float = deviations("One corner higher than the other.")


@dataclass(frozen=True)
class Ears(Group):
    """The ears."""

    size: float = deviations("Length.")
    width: float = deviations("Breadth.")
    away: float = deviations("Standing off from the head.")
    lobe: float = deviations("Length of the lobe.")
    tilt: float = deviations("Leaning back.")
    height: float = deviations("High (+) or low on the head.")
    point: float = deviations("Pointed upper rim.")


@dataclass(frozen=True)
class Body(Group):
    """Neck and shoulders."""

    neck_width: float = deviations("Width of the neck.")
    neck_length: float = deviations("Length of the neck.")
    larynx: float = deviations("Adam's apple.")
    shoulders: float = deviations("Width of the shoulders.")
    slope: float = deviations("Sloping (+) or square shoulders.")
    stoop: float = deviations("Head carried forward.")
