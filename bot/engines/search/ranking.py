"""In which order candidates are tried: suspicion x how often such a change is right x closeness.

`PRIORS` says how likely the best candidate of a template is the fix, relative to the others: high
where people often slip and a template offers few candidates, low where it offers many. The numbers
are learnt from small fixes in the histories of public projects, those of `bench/_priors.py`'s
docstring, which also says how to compute them anew; where few fixes speak for or against a
template, its number stays near the judgement it began with. No benchmark's bugs are among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

DEFAULT_PRIOR = 0.3
MOST = 3.0
"""No prior, raised by all the errors there are, exceeds this."""
MOST_HERE = 9.0
"""Nor this one, on the line that raised one of them."""
PATIENCE = 240
"""After so many candidates, a line's next ones count half."""


def _table(text: str) -> dict[str, float]:
    """`number: name …` a line, as name -> number."""
    lines = (line.partition(":") for line in text.strip().splitlines())
    return {name: float(number) for number, _, names in lines for name in names.split()}


PRIORS: Mapping[str, float] = _table("""
    1.50: comparison
    1.19: condition-asked
    1.06: variable
    1.05: argument-swapped refusal
    0.90: refusal-instead
    1.00: text-expected
    1.01: bound-range import-missing
    0.99: boolean
    0.97: condition-negated element-alone
    0.95: conjunct-dropped
    0.92: arithmetic
    0.89: argument-added
    0.86: await-added loop-keyword receiver
    0.85: wrapper-clash
    0.82: augmented
    0.80: element-added
    0.76: number
    0.75: bound-comparison
    0.74: bound-index
    0.73: exception-caught
    0.71: return-missing
    0.70: call-dropped
    0.70: update-forgotten
    0.69: arithmetic-operand bound-number bound-slice regex-word
    0.68: attribute
    0.66: truth
    0.64: regex-quantifier wrapper-replaced
    0.60: boolean-grouping branch-swapped
    0.59: exception-text statement-outward unary
    0.58: argument-moved value-elsewhere
    0.57: element-shared update-undone exception-raised member return-otherwise value-unset
    0.54: guard
    0.51: regex-class row-added string-format
    0.50: arithmetic-grouping branch-chain branch-ended condition-loop
    0.50: function regex-everywhere statement-deleted subscript-order
    0.49: assignment-operator branch-value sibling-condition sibling-element
    0.49: statement-inward string
    0.48: block-unwrapped element-dropped wrapper-as-elsewhere
    0.47: guard-around
    0.46: conjunct-added element-swapped return-value
    0.44: regex-escape
    0.43: default
    0.41: attribute-object regex-anchor
    0.40: branch-else branch-loop branch-loop-else compared-case comparison-chain
    0.40: comparison-ends
    0.40: condition-renamed kept-best key-default lambda-captured
    0.40: loop-nesting loop-over regex-alternative regex-group
    0.40: string-field string-prefix super-arguments yield
    0.39: empty-value key-other
    0.38: argument-dropped regex-edge
    0.37: statement-after
    0.36: statement-moved
    0.35: argument-keyword branch-or condition-replaced loop-exit
    0.35: loop-filter statement-before
    0.34: branch-added branch-asked call-added comparison-number
    0.34: condition-fixed guard-parameter row-dropped row-named
    0.33: argument-replaced attribute-dropped conjunct-made regex-insertion
    0.33: sibling-statement variable-target
    0.32: fallback
    0.30: await-dropped exception-returned exception-swallowed expression-named
    0.30: import-copied key-demanded loop-variables return-test
    0.29: argument-starred assignment-or-method bound-index-or-slice element-choice
    0.29: wrapper-both
    0.28: element-listed target term-number wrapper-method
    0.27: initial-value term-slice
    0.26: name-for-constant
    0.25: expression-borrowed loop-element method-or-assignment negated-number
    0.25: subscript
    0.24: compared-loosely decorator string-character term-sequence
    0.24: wrapper-trimmed
    0.23: element-unpacked expression-longer statement-made
    0.22: bound-whole
    0.21: wrapper-bounds
    0.20: asynchronous base-class conditional-value guard-borrowed
    0.20: loop-result membership parameters return-element
    0.20: term-added value-chosen value-normalised value-unwrapped wrapper-own-function
    0.18: constant-for-name
    0.17: attribute-default wrapper wrapper-own-method
    0.15: return-dropped
    0.13: statement-instead
    0.12: exception-protected
    0.10: compared-any string-unformatted
""")

_OF_TEXT = "|".join(name for name in dir(str) if not name.startswith("_"))
ERRORS: Mapping[str, str] = {
    r"NoneType": (
        "value-normalised value-chosen conjunct-made guard guard-around guard-parameter "
        "guard-borrowed fallback conditional-value conjunct-added return-missing "
        "attribute-default condition-asked"
    ),
    r"positional argument|unexpected keyword|multiple values": (
        "argument-added argument-dropped parameters default argument-keyword receiver "
        "decorator super-arguments"
    ),
    r"unsupported operand|can only concatenate|must be str|expected str|bytes-like": (
        "wrapper-clash wrapper wrapper-method string-prefix element-listed argument-replaced"
    ),
    r"(?:not all|not enough) arguments": ("element-listed element-added string-format"),
    r"not callable": ("call-dropped decorator variable-target"),
    r"not subscriptable|not iterable|unhashable|has no len": (
        "wrapper guard call-added element-listed fallback key-demanded loop-over"
    ),
    r"^KeyError": (
        "value-chosen conjunct-made key-default key-other conjunct-added guard-around "
        "guard-borrowed string sibling-statement row-added"
    ),
    r"^AssertionError: (?:assert )?(['\"])[\w.-]+\1 (?:not found )?in ": (
        "sibling-statement sibling-element row-added row-named element-added string"
    ),
    r"^IndexError": (
        "conjunct-made conditional-value bound-index bound-slice bound-range "
        "bound-comparison guard conjunct-added bound-index-or-slice term-number"
    ),
    r"pop from": ("guard-around guard condition-loop loop-exit"),
    r"^ZeroDivisionError": (
        "guard conditional-value conjunct-added wrapper-bounds fallback guard-around"
    ),
    r"has no attribute": (
        "attribute member conjunct-made value-normalised attribute-default "
        "attribute-dropped call-added statement-made super-arguments attribute-object"
    ),
    rf"'(?!NoneType)\w+' object has no attribute '(?:{_OF_TEXT})'": (
        "wrapper wrapper-clash wrapper-own-function"
    ),
    r"^(?:NameError|UnboundLocalError)": (
        "value-unset variable import-missing statement-before statement-made "
        "statement-outward statement-moved member function variable-target"
    ),
    r"^RecursionError": (
        "comparison guard statement-made term-number bound-range argument-replaced "
        "variable augmented arithmetic condition-replaced condition-loop"
    ),
    r"^It timed out": (
        "comparison condition-loop augmented term-number bound-number bound-range variable "
        "argument-replaced arithmetic condition-replaced update-forgotten statement-made "
        "statement-outward loop-exit wrapper-bounds"
    ),
    r"values to unpack": (
        "return-element element-dropped element-swapped wrapper-own-method loop-over "
        "loop-variables argument-added"
    ),
    r"^Unicode": ("argument-added exception-caught wrapper-method"),
    r"re\.error|bad escape|nothing to repeat": (
        "regex-escape regex-quantifier regex-class regex-group"
    ),
    r"DID NOT RAISE|not raised": (
        "refusal refusal-instead exception-raised guard guard-borrowed exception-caught "
        "exception-swallowed conjunct-dropped condition-negated exception-returned"
    ),
    r"coroutine": ("await-added"),
    r"^StopIteration": ("argument-added exception-caught"),
    r"^(?!Assertion|Failed|DID NOT)\w+(?:Error|Exception)": (
        "exception-caught exception-protected"
    ),
    r"changed size during iteration": ("loop-over wrapper"),
}
"""What an error's type and message point at."""
ANYWHERE = 2.0
HERE = 6.0
"""How much more those templates count; and on the very line where an operation has failed."""


def prior(template: str) -> float:
    return PRIORS.get(template, DEFAULT_PRIOR)


def error_factors(errors: Sequence[str], times: float = ANYWHERE) -> Mapping[str, float]:
    """How much more likely some templates are, given errors."""
    factors: dict[str, float] = {}
    for pattern, templates in ERRORS.items():
        if any(re.search(pattern, error) for error in errors):
            factors.update(dict.fromkeys(templates.split(), times))
    return factors


def closeness(growth: int) -> float:
    """Additions are the likelier the shorter; a hundred characters more halve the score."""
    return 1.0 / (1.0 + growth / 100)


def turn(taken: int) -> float:
    """What is left of a line's score when so many of its candidates have had their turn."""
    return 1.0 / (1.0 + taken / PATIENCE)
