"""Letters that look like others: a name that reads like one thing and is another.

Only what a reader cannot tell apart counts. Names in any script of its own are fine; so are the
Greek letters that science uses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u04cf"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0406\u0408\u0405"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0585\u057d\u0578\u0570\u0581\u0131\u0261\u0251\u13aa\u13d2\u13a1\u13a2\u13b3\u13a5\u13de",
    "aeopcyxijsdqwhl"
    "ABEKMHOPCTXYIJS"
    "oABEZHIKMNOPTYX"
    "ounhgigaAPRTWiL",
)  # fmt: skip
_LETTERS_THAT_LOOK_LIKE_SIGNS = frozenset("\u01c0\u01c1\u01c2\u01c3\u02d0\u02d1\ua789\ua78c\u3014")
_WORDS = re.compile(r"[^\W_]+")


def look_alike(name: str, known: Container[str]) -> str:
    """What a name reads as without being it; empty if it is what it looks like.

    `known` are the ASCII names that it could be taken for.
    """
    if name.isascii():
        return ""
    if set(name) & _LETTERS_THAT_LOOK_LIKE_SIGNS:
        return "a name with a sign in it"
    folded = unicodedata.normalize("NFKC", name)
    reads_as = folded.translate(_ALIKE)
    if folded.isascii() or reads_as in known:
        return reads_as
    for word in _WORDS.findall(folded):
        plain = word.translate(_ALIKE)
        mixed = any(letter.isascii() and letter.isalpha() for letter in word)
        if mixed and plain.isascii() and plain != word:
            return reads_as
    return ""
