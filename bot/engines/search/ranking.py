"""In which order candidates are tried: suspicion x how often such a change is right x closeness.

`PRIORS` says how likely the best candidate of a template is the fix, relative to the others: high
where people often slip and a template offers few candidates, low where it offers many. The numbers
are judgement, corrected where ranks of known fixes (written bugs, seeded ones, and small fixes in
the histories of public projects) showed them wrong; they are not fitted to any of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

DEFAULT_PRIOR = 0.3
MOST = 3.0
"""No prior, raised by all the errors there are, exceeds this."""
PATIENCE = 80
"""After so many candidates, a line's next ones count half."""


def _table(text: str) -> dict[str, float]:
    """`number: name …` a line, as name -> number."""
    lines = (line.partition(":") for line in text.strip().splitlines())
    return {name: float(number) for number, _, names in lines for name in names.split()}


PRIORS: Mapping[str, float] = _table("""
    1.00: import-missing comparison boolean bound-range condition-negated
    0.85: loop-keyword argument-swapped augmented conjunct-dropped receiver variable await-added
    0.70: bound-index bound-slice bound-comparison bound-number attribute arithmetic truth
    0.60: unary arithmetic-operand boolean-grouping function member condition-asked guard number
    0.60: return-otherwise statement-outward exception-caught return-missing branch-swapped
    0.50: arithmetic-grouping assignment-operator argument-added call-dropped conjunct-added
    0.50: condition-loop statement-deleted statement-inward element-swapped element-added
    0.50: exception-raised branch-chain branch-value subscript-order regex-everywhere return-value
    0.45: guard-around regex-quantifier regex-class regex-escape regex-anchor string-format string
    0.40: argument-replaced argument-dropped default attribute-object statement-moved kept-best
    0.40: statement-before statement-after statement-made wrapper wrapper-method key-default
    0.40: wrapper-own-function empty-value key-other branch-else branch-loop-else loop-over
    0.40: loop-nesting lambda-captured regex-group regex-alternative string-prefix comparison-chain
    0.40: super-arguments yield branch-loop regex-insertion condition-renamed
    0.35: variable-target argument-keyword call-added attribute-dropped condition-replaced
    0.35: condition-fixed guard-parameter fallback loop-exit block-unwrapped expression-borrowed
    0.35: name-for-constant initial-value element-dropped element-pair branch-or expression-named
    0.35: comparison-number term-number
    0.30: argument-starred guard-borrowed expression-longer await-dropped element-choice
    0.30: key-demanded exception-returned exception-swallowed loop-variables loop-filter
    0.30: string-character term-sequence return-test import-copied
    0.25: negated-number bound-index-or-slice bound-whole wrapper-bounds conditional-value
    0.25: compared-loosely element-listed subscript loop-element term-slice target
    0.25: method-or-assignment assignment-or-method
    0.20: parameters return-element wrapper-own-method constant-for-name element-unpacked
    0.20: membership term-added loop-result decorator asynchronous base-class
    0.15: return-dropped statement-instead attribute-default
    0.10: compared-any exception-protected string-unformatted
""")

ERRORS: Mapping[str, str] = {
    r"NoneType": "guard guard-around guard-parameter guard-borrowed fallback conditional-value "
    "conjunct-added return-missing attribute-default condition-asked",
    r"positional argument|unexpected keyword|multiple values": "argument-added argument-dropped "
    "parameters default argument-keyword receiver decorator super-arguments",
    r"unsupported operand|can only concatenate|must be str|expected str|bytes-like": "wrapper "
    "wrapper-method string-prefix element-listed argument-replaced",
    r"not callable": "call-dropped decorator variable-target",
    r"not subscriptable|not iterable|unhashable|has no len": "wrapper guard call-added "
    "element-listed fallback key-demanded loop-over",
    r"^KeyError": "key-default key-other conjunct-added guard-around guard-borrowed string",
    r"^IndexError": "bound-index bound-slice bound-range bound-comparison guard conjunct-added "
    "bound-index-or-slice term-number",
    r"^ZeroDivisionError": "guard conditional-value conjunct-added wrapper-bounds fallback "
    "guard-around",
    r"has no attribute": "attribute member attribute-default attribute-dropped call-added "
    "statement-made super-arguments attribute-object",
    r"^(?:NameError|UnboundLocalError)": "variable import-missing statement-before statement-made "
    "statement-outward statement-moved member function variable-target",
    r"^RecursionError|[Tt]imed? ?out": "comparison guard statement-made term-number bound-range "
    "argument-replaced variable augmented arithmetic condition-replaced condition-loop",
    r"values to unpack": "return-element element-dropped element-swapped wrapper-own-method "
    "loop-over loop-variables argument-added",
    r"^Unicode": "argument-added exception-caught wrapper-method",
    r"re\.error|bad escape|nothing to repeat": "regex-escape regex-quantifier regex-class "
    "regex-group",
    r"DID NOT RAISE|not raised": "exception-raised guard guard-borrowed exception-caught "
    "exception-swallowed conjunct-dropped condition-negated exception-returned",
    r"coroutine": "await-added",
    r"^StopIteration": "argument-added exception-caught",
    r"^(?!Assertion|Failed|DID NOT)\w+(?:Error|Exception)": "exception-caught exception-protected",
    r"changed size during iteration": "loop-over wrapper",
}
"""What an error's type and message point at; those templates count double."""
_RAISED = 2.0


def prior(template: str) -> float:
    return PRIORS.get(template, DEFAULT_PRIOR)


def error_factors(errors: Sequence[str]) -> Mapping[str, float]:
    """How much more likely some templates are, given the failing tests' errors."""
    factors: dict[str, float] = {}
    for pattern, templates in ERRORS.items():
        if any(re.search(pattern, error) for error in errors):
            factors.update(dict.fromkeys(templates.split(), _RAISED))
    return factors


def closeness(growth: int) -> float:
    """Additions are the likelier the shorter; a hundred characters more halve the score."""
    return 1.0 / (1.0 + growth / 100)


def turn(taken: int) -> float:
    """What is left of a line's score when so many of its candidates have had their turn."""
    return 1.0 / (1.0 + taken / PATIENCE)
