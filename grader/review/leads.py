"""What people write before a label: marks of a heading, and words such as “Solution of problem”."""

import re

MOST_WORDS = 4
MOST_MARKS = 8
MARK = re.compile(
    r"[\s#>*_]+|[-+\u2022\u2013]\s|<[A-Za-z][^<>]{0,80}>"
    r"|\\(?:textbf|textit|underline|(?:sub){0,2}section|paragraph|noindent)\b\*?\{?"
)
"""Markdown, HTML or LaTeX that makes a heading or an item of a list."""
WORD = re.compile(
    r"(?:prob|task|exerc|quest|part|item|answ|solut|proo|sect|chap"
    r"|aufg|teil|lös|loes|bewe|antw|frag|übung|abschn|kapit"
    r"|задач|задан|упраж|реше|доказ|пункт|вопрос|ответ|част|раздел"
    r"|ejerc|pregun|respu|soluc|demost|prueb|preuv|démons|répon|eserc|soluz|dimos|opgav|opdr|zadan)"
    r"[^\W\d_]{0,20}[.:]?|(?:q|ex|nr|no|ad|п)\b[.:]?|[qp](?=\d)|[№#§]",
    re.IGNORECASE,
)
"""A word that announces a label, in the languages of the courses known to us, whatever its end."""
JOINT = re.compile(
    r"(?:to|of|for|in|the|zu|zur|von|der|к|по|для|de|du|la|le|del|al)\b", re.IGNORECASE
)
"""What may stand between two of them."""


def lead_end(text: str) -> int:
    """Where a label may begin: behind all marks and words that announce one."""
    position = _behind_marks(text, 0)
    for count in range(MOST_WORDS):
        word = WORD.match(text, position) or (JOINT.match(text, position) if count else None)
        if word is None:
            break
        position = _behind_marks(text, word.end())
    return position


def _behind_marks(text: str, position: int) -> int:
    for _ in range(MOST_MARKS):
        mark = MARK.match(text, position)
        if mark is None:
            break
        position = mark.end()
    return position
