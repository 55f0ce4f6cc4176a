"""Tables of LaTeX: what the commands that people use in notebooks come down to."""

import re

from grader.review.tex import Macro, tokenize


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


LENIENT = {
    name: Macro(arguments, tuple(tokenize(body)))
    for name, arguments, body in (
        (r"\norm", 1, r"\left\| #1 \right\|"),
        (r"\abs", 1, r"\left| #1 \right|"),
        (r"\tr", 0, r"\operatorname{tr}"),
        (r"\Tr", 0, r"\operatorname{Tr}"),
        (r"\rank", 0, r"\operatorname{rank}"),
        (r"\rk", 0, r"\operatorname{rk}"),
        (r"\diag", 0, r"\operatorname{diag}"),
        (r"\sign", 0, r"\operatorname{sign}"),
        (r"\spn", 0, r"\operatorname{span}"),
        (r"\argmax", 0, r"\operatorname*{argmax}"),
        (r"\argmin", 0, r"\operatorname*{argmin}"),
        (r"\R", 0, r"\mathbb{R}"),
        (r"\C", 0, r"\mathbb{C}"),
        (r"\N", 0, r"\mathbb{N}"),
        (r"\Z", 0, r"\mathbb{Z}"),
    )
}
"""What people mean by commands that they forgot to define."""

ALIGNED = _names("align align* aligned alignat alignat* alignedat flalign flalign* split")
GATHERED = _names(
    "gather gather* gathered multline multline* multlined equation equation* displaymath math "
    "subequations center"
)
MATRICES = _names("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix cases")
NEWLINES = _names(r"\\ \cr \newline \tabularnewline")
TEXTS = {
    r"\text": "",
    r"\mbox": "",
    r"\hbox": "",
    r"\textrm": "",
    r"\textnormal": "",
    r"\textup": "",
    r"\textsf": "",
    r"\textmd": "",
    r"\textsc": "",
    r"\fbox": "",
    r"\textbf": "bold",
    r"\textit": "italic",
    r"\emph": "italic",
    r"\texttt": "mono",
}
"""Commands that hold words -> how these look."""
SAME = {
    r"\dag": r"\dagger",
    r"\ddag": r"\ddagger",
    r"\qed": r"\blacksquare",
    r"\qedhere": r"\blacksquare",
    r"\QED": r"\blacksquare",
    r"\hfill": r"\qquad",
    r"\hfil": r"\qquad",
    r"\dotsb": r"\cdots",
    r"\dotsm": r"\cdots",
    r"\dotsi": r"\cdots",
    r"\eqqcolon": "=:",
    r"\coloneqq": ":=",
    r"\vcentcolon": ":",
    r"\colon": ":",
    r"\bold": r"\mathbf",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\lparen": "(",
    r"\rparen": ")",
    r"\implies": r"\Longrightarrow",
    r"\impliedby": r"\Longleftarrow",
    r"\enspace": r"\;",
    r"\shortintertext": r"\intertext",
    r"\mathds": r"\mathbb",
    r"\thinspace": r"\,",
}
"""A command -> one that the converter knows and that looks the same."""
NOTHING = _names(
    r"\nonumber \notag \allowbreak \nobreak \noindent \centering \par \medskip \bigskip \smallskip "
    r"\begingroup \endgroup \displaylimits \relax \strut \mathstrut \hline \hdashline \small \tiny "
    r"\footnotesize \normalsize \large \Large \LARGE \huge \Huge \- \/ \@ $ \scriptsize \null "
    r"\protect \ensuremath \newpage \boldmath"
)
"""Commands that change nothing that matters on this page."""
DROPPED = {
    r"\label": 1,
    r"\vspace": 1,
    r"\require": 1,
    r"\class": 1,
    r"\style": 1,
    r"\cssId": 1,
    r"\href": 1,
    r"\setlength": 2,
    r"\setcounter": 2,
    r"\rule": 2,
}
"""Commands that go with this many of their arguments; what follows these stays."""
GROUPS = _names(
    r"\mathbin \mathrel \mathord \mathinner \mathopen \mathclose \mathpunct \llap \rlap \mathllap "
    r"\mathrlap \mathclap \smash \vcenter \bbox"
)
"""Commands of which the argument alone matters."""
REFUSED = _names(
    r"\verb \unicode \newenvironment \renewenvironment \input \include \mathchoice \raise \lower "
    r"\moveleft \moveright \usepackage \let \csname \catcode \global \long \sideset \skew \genfrac "
    r"\colorbox \fcolorbox \hskip \vskip \kern \mkern \mskip \mspace \root \above # \ "
)
"""Commands that nobody needs for a proof and that the converter reads carelessly."""
NEGATED = {
    "=": r"\neq",
    "<": r"\nless",
    ">": r"\ngtr",
    "|": r"\nmid",
    r"\|": r"\nparallel",
    r"\leq": r"\nleq",
    r"\geq": r"\ngeq",
    r"\le": r"\nleq",
    r"\ge": r"\ngeq",
    r"\in": r"\notin",
    r"\subset": "⊄",
    r"\subseteq": r"\nsubseteq",
    r"\equiv": "≢",
    r"\exists": r"\nexists",
    r"\sim": r"\nsim",
    r"\approx": "≉",
}
"""What follows `\\not` -> the two as one."""
DELIMITERS = {
    "(": "(",
    ")": ")",
    "[": "[",
    "]": "]",
    "|": "|",
    "/": "/",
    "<": "⟨",
    ">": "⟩",
    ".": "",
    r"\{": "{",
    r"\}": "}",
    r"\lbrace": "{",
    r"\rbrace": "}",
    r"\|": "‖",
    r"\vert": "|",
    r"\Vert": "‖",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\lVert": "‖",
    r"\rVert": "‖",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\backslash": "\\",
}
"""What may follow `\\left` and `\\big` -> the character."""
WORDS = {
    "~": "\u00a0",
    r"\ ": " ",
    r"\,": "\u2009",
    r"\;": " ",
    r"\:": " ",
    r"\!": "",
    r"\%": "%",
    r"\_": "_",
    r"\&": "&",
    r"\#": "#",
    r"\$": "$",
    r"\{": "{",
    r"\}": "}",
    r"\ldots": "…",
    r"\dots": "…",
    r"\quad": "\u2003",
    r"\qquad": "\u2003\u2003",
    r"\\": " ",
}
"""LaTeX inside words -> what is read."""
UNSEEN = _names(
    r"{ } \mathrm \rm \bf \it \mathit \mathbf \operatorname \text \mbox \textbf \textit \emph"
)
"""What does not show inside words."""
BIG = re.compile(r"\\(?P<size>big|Big|bigg|Bigg)[lrm]?")
LENGTH = re.compile(r"-?\d*\.?\d+\s*(?:pt|em|ex|cm|mm|in|mu|px|pc|bp)")
UNIT = re.compile(r"in|mm|cm|pt|em|ex|pc|bp|dd|cc|sp|mu")
COLOUR = re.compile(r"[A-Za-z]{3,20}|#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?")
NAME = re.compile(r"[\w\u2009\u00a0 .-]+")
