"""From English spelling to sounds, by rules: enough for a mouth that moves as if it meant it.

The rules are after Elovitz, Johnson, McHugh and Shore, *Automatic translation of English text to
phonetics by means of letter-to-sound rules* (NRL report 7948, 1976, a work of the United States
government), shortened. A rule ``left[letters]right=A-B`` says how ``letters`` sound between two
contexts: ``#`` one or more vowels, ``:`` any consonants, ``^`` one consonant, ``.`` a voiced one,
``+`` a front vowel, ``%`` an ending (e, er, es, ed, ing, ely), ``&`` a hissing sound, ``@`` a
consonant after which a long u has no y, ``_`` the edge of a word.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

__all__ = ["FUNCTION_WORDS", "pronounce", "words_of"]

_RULES = """
[a]_=AX _[are]_=AA-R _[ar]o=AX-R [ar]#=EH-R ^[as]#=EY-S [a]wa=AX [aw]=AO _:[any]=EH-N-IY
[a]^+#=EY #:[ally]=AX-L-IY _[al]#=AX-L [again]=AX-G-EH-N #:[ag]e=IH-JH [a]^+:#=AE _:[a]^+_=EY
[a]^%=EY _[arr]=AX-R [arr]=AE-R _:[ar]_=AA-R [ar]_=ER [ar]=AA-R [air]=EH-R [ai]=EY [ay]=EY
[au]=AO #:[al]_=AX-L #:[als]_=AX-L-Z [alk]=AO-K [al]^=AO-L _:[able]=EY-B-AX-L [able]=AX-B-AX-L
[ang]+=EY-N-JH [a]=AE
_[be]^#=B-IH [being]=B-IY-IH-NG _[both]_=B-OW-TH _[bus]#=B-IH-Z [buil]=B-IH-L [bb]=B [b]=B
_[ch]^=K ^e[ch]=K [ch]=CH _s[ci]#=S-AY [ci]a=SH [ci]o=SH [ci]en=SH [cc]+=K-S [c]+=S [ck]=K
[com]%=K-AH-M [cc]=K [c]=K
#:[ded]_=D-IH-D .e[d]_=D #:^e[d]_=T _[de]^#=D-IH _[do]_=D-UW _[does]=D-AH-Z _[doing]=D-UW-IH-NG
_[dow]=D-AW [du]a=JH-UW [dd]=D [d]=D
#:[e]_= _:[e]_=IY #[ed]_=D #:[e]d_= [ev]er=EH-V [e]^%=IY [eri]#=IY-R-IY [eri]=EH-R-IH
#:[er]#=ER [er]#=EH-R [er]=ER _[even]=IY-V-AX-N #:[e]w= @[ew]=UW [ew]=Y-UW [e]o=IY
#:&[es]_=IH-Z #:[e]s_= #:[ely]_=L-IY #:[ement]=M-EH-N-T [eful]=F-UH-L [ee]=IY [earn]=ER-N
_[ear]^=ER [ead]=EH-D #:[ea]_=IY-AX [ea]su=EH [ea]=IY [eigh]=EY [ei]=IY _[eye]=AY [ey]=IY
[eu]=Y-UW [e]=EH
[father]=F-AA-DH-ER [ful]=F-UH-L [ff]=F [f]=F
[giv]=G-IH-V _[g]i^=G [ge]t=G-EH su[gges]=G-JH-EH-S [gg]=G _b#[g]=G _[gn]=N [g]+=JH
[great]=G-R-EY-T #[gh]= [g]=G
_[hav]=HH-AE-V _[here]=HH-IY-R _[hour]=AW-ER [how]=HH-AW [h]#=HH [h]=
_[in]=IH-N _[i]_=AY [in]d=AY-N [ier]=IY-ER #:r[ied]=IY-D [ied]_=AY-D [ien]=IY-EH-N [ie]t=AY-EH
_:[i]%=AY [i]%=IY [ie]=IY [i]^+:#=IH [ir]#=AY-R [iz]%=AY-Z [is]%=AY-Z [i]d%=AY +^[i]^+=IH
[i]t%=AY #:^[i]^+=IH [i]^+=AY [ir]=ER [igh]=AY [ild]=AY-L-D [ign]_=AY-N [ign]^=AY-N [ign]%=AY-N
[ique]=IY-K [i]=IH
[j]=JH _[k]n= [k]=K
[lo]c#=L-OW l[l]= #:^[l]%=AX-L [lead]=L-IY-D [l]=L
[mov]=M-UW-V [mm]=M [m]=M
e[ng]+=N-JH [ng]r=NG-G [ng]#=NG-G [ngl]%=NG-G-AX-L [ng]=NG [nk]=NG-K _[now]_=N-AW [nn]=N [n]=N
[of]_=AX-V [orough]=ER-OW #:[or]_=ER #:[ors]_=ER-Z [or]=AO-R _[one]=W-AH-N _t[own]=AW-N
_br[own]=AW-N [ow]=OW _[over]=OW-V-ER [ov]=AH-V [o]^%=OW [o]^en=OW [o]^i#=OW [ol]d=OW-L
[ought]=AO-T [ough]=AH-F _[ou]=AW h[ou]s#=AW [ous]=AX-S [our]=AO-R [ould]=UH-D ^[ou]^l=AH
[oup]=UW-P [ou]=AW [oy]=OY [oing]=OW-IH-NG [oi]=OY [oor]=AO-R [ook]=UH-K [ood]=UH-D [oo]=UW
[o]e=OW [o]_=OW [oa]=OW _[only]=OW-N-L-IY _[once]=W-AH-N-S [on't]=OW-N-T c[o]n=AA [o]ng=AO
_:^[o]n=AH i[on]=AX-N #:[on]_=AX-N #^[on]=AX-N [o]st_=OW [of]^=AO-F [other]=AH-DH-ER
[oss]_=AO-S #:^[om]=AH-M [o]=AA
[ph]=F [peop]=P-IY-P [pow]=P-AW [put]_=P-UH-T [pp]=P [p]=P
[quar]=K-W-AO-R [qu]=K-W [q]=K
_[re]^#=R-IY [rr]=R [r]=R
[sh]=SH #[sion]=ZH-AX-N [some]=S-AH-M #[sur]#=ZH-ER [sur]#=SH-ER #[su]#=ZH-UW #[ssu]#=SH-UW
#[sed]_=Z-D #[s]#=Z [said]=S-EH-D ^[sion]=SH-AX-N [s]s= .[s]_=Z #:.e[s]_=Z #:^##[s]_=Z
#:^#[s]_=S u[s]_=S _:#[s]_=Z _[sch]=S-K [s]c+= #[sm]=Z-M [s]=S
_[the]_=DH-AX [to]_=T-UW [that]_=DH-AE-T _[this]_=DH-IH-S _[they]=DH-EY _[there]=DH-EH-R
[ther]=DH-ER [their]=DH-EH-R _[than]_=DH-AE-N _[them]_=DH-EH-M [these]_=DH-IY-Z _[then]=DH-EH-N
[through]=TH-R-UW [those]=DH-OW-Z [though]_=DH-OW _[thus]=DH-AH-S [th]=TH #:[ted]_=T-IH-D
s[ti]#n=CH [ti]o=SH [ti]a=SH [tien]=SH-AX-N [tur]#=CH-ER [tu]a=CH-UW _[two]=T-UW [tch]=CH [tt]=T
[t]=T
_[un]i=Y-UW-N _[un]=AH-N _[upon]=AX-P-AO-N @[ur]#=UH-R [ur]#=Y-UH-R [ur]=ER [u]^_=AH [u]^^=AH
[uy]=AY _g[u]#= g[u]%= g[u]#=W #n[u]=Y-UW @[u]=UW [u]=Y-UW
[view]=V-Y-UW [v]=V
_[were]=W-ER [wa]s=W-AA [wa]t=W-AA [where]=W-EH-R [what]=W-AH-T [whol]=HH-OW-L [who]=HH-UW
[wh]=W [war]=W-AO-R [wor]^=W-ER [wr]=R [w]=W
_[x]=Z [x]=K-S
[young]=Y-AH-NG _[you]=Y-UW _[yes]=Y-EH-S _[y]=Y #:^[y]_=IY #:^[y]i=IY _:[y]_=AY _:[y]#=AY
_:[y]^+:#=IH _:[y]^#=AY [y]=IH
[zz]=Z [z]=Z
"""

_CONTEXT = {
    "#": "[aeiouy]+",
    ":": "[^aeiouy_]*",
    "^": "[^aeiouy_]",
    ".": "[bdvgjlmnrwz]",
    "+": "[eiy]",
    "%": "(?:ely|ing|e[rsd]?)",
    "&": "(?:[scgzxj]|ch|sh)",
    "@": "(?:[tsrdlznj]|th|ch|sh)",
}

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_UNSTRESSED = """
a an and are as at be been but by can could did do for from had has have he her him his i if in is
it its me my of on or our she should so some than that the their them then there they this to us was
we were what when which who will with would you your
"""
FUNCTION_WORDS = frozenset(_UNSTRESSED.split())


class _Rule(NamedTuple):
    left: re.Pattern[str]
    letters: str
    right: re.Pattern[str]
    sounds: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """The words of a text in small letters; figures are read one by one.

    Everything that is no letter, figure or apostrophe only parts words.
    """
    read = re.sub(r"\d", lambda figure: f" {_DIGITS[int(figure[0])]} ", text.lower())
    return re.findall(r"[a-z](?:[a-z']*[a-z])?", read)


@cache
def pronounce(word: str) -> tuple[str, ...]:
    """The phonemes of one word of :func:`words_of`, as ARPAbet names."""
    padded, at, sounds = f"_{word}_", 1, list[str]()
    while at < len(padded) - 1:
        rule = _fitting(padded, at)
        if rule is None:  # an apostrophe
            at += 1
            continue
        sounds.extend(rule.sounds)
        at += len(rule.letters)
    return tuple(sounds)


def _fitting(padded: str, at: int) -> _Rule | None:
    for rule in _rules().get(padded[at], ()):
        end = at + len(rule.letters)
        if (
            padded.startswith(rule.letters, at)
            and rule.left.search(padded[:at])
            and rule.right.match(padded, end)
        ):
            return rule
    return None


@cache
def _rules() -> dict[str, list[_Rule]]:
    """All rules by the first letter they turn into sounds."""
    found: dict[str, list[_Rule]] = {}
    for text in _RULES.split():
        contexts, sounds = text.split("=")
        left, letters, right = re.split(r"[\[\]]", contexts)
        rule = _Rule(
            re.compile(_pattern(left) + "$"),
            letters,
            re.compile(_pattern(right)),
            tuple(filter(None, sounds.split("-"))),
        )
        found.setdefault(letters[0], []).append(rule)
    return found


def _pattern(context: str) -> str:
    return "".join(_CONTEXT.get(sign, re.escape(sign)) for sign in context)
