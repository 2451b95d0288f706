"""The words in which people and agents tell of defects, of mended ones, and of none. Pure.

`bot.triage` judges; this module only knows languages. Text is looked at clause by clause, because
"fixed the bug in a.py, but b.py still crashes" says two things. English is read closely. Of other
languages a few words are known, enough to tell that something may be wrong, never to be certain.
"""

# ruff: noqa: RUF001 # words of many languages are meant as they stand

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

# ------------------------------------------------------------------------------------- English

_NOUN = r"(?:failures?|errors?|bugs?|issues?|defects?|crash(?:es)?|problems?|exceptions?|warnings?)"
_VERB = r"(?:fail|failed|break|broke|crash|crashed|error|errored|hang|hung)"

DEFECT = re.compile(
    r"\b(?:fail(?:s|ed|ing|ure|ures)?|errors?|bugs?|bugg?y|issues?|defects?|crash(?:es|ed|ing)?"
    r"|br(?:eak|eaks|eaking|oke|oken)|problems?|exceptions?|tracebacks?"
    r"|(?<!\bi )(?<!\bwe )(?:does|did|do)(?:n['’]t| not)|cannot|can['’]t"
    r"|(?:is|are|was|were)(?:n['’]t| not) (?:properly |correctly )?"
    r"(?:handled|checked|caught|closed|called|defined|set|returned|raised|valid|validated|escaped"
    r"|reset|released|awaited|fixed|solved|resolved|working)"
    r"|wrong(?:ly)?|incorrect(?:ly)?|invalid|mismatch|unexpected(?:ly)?|unhandled|uncaught"
    r"|misbehaves?|hangs|hung|deadlocks?|race condition|memory leak|leaks|data loss|loses"
    r"|corrupt(?:s|ed|ion)?"
    r"|truncated|mangles?|garbage|garbled|off[- ]by[- ]one|overflow(?:s|ed)?|segfault(?:s|ed)?"
    r"|segmentation fault|panics|regression|infinite(?:ly)? (?:loop|recursion)|loops? forever"
    r"|not (?:yet )?(?:fixed|solved|resolved)|nothing (?:stops|prevents)"
    r"|never (?:terminates?|returns?|ends?|stops?)|silently (?:\w+)|divi(?:sion|des?) by zero"
    r"|missing (?:\w+ )?(?:check|validation|handler|default|import|await|return)"
    r"|(?:rejects|drops|ignores|skips|swallows) (?:the|valid|every|all|any)"
    r"|out of (?:date|memory|range|bounds)|oom|outdated|falls? over|used before"
    r"|(?:raises|raised|throws|threw)(?! (?:a question|the bar))|vulnerab\w+|injection"
    r"|expected .{1,60}?\b(?:got|but|was)\b|but it (?:should|returns|prints|writes)"
    r"|still (?:writes|returns|prints|sends|uses)|workaround|worked around)\b",
    re.IGNORECASE,
)
"""What makes a clause speak of a defect."""

_HARMLESS = re.compile(
    rf"\b(?:error|failure|exception|crash|problem|issue|bug)[- ](?:handling|handlers?|messages?"
    rf"|codes?|cases?|modes?|rates?|trackers?|solving|reports?|hunts?|hunting|fix(?:es)?)\b"
    rf"|\b(?:good|solid|robust|explain\w*|document\w*|improv\w*|add\w*) {_NOUN} handling\b"
    rf"|\b(?:took|take|taking|have|had|after|during) (?:a|the|my|short|long|another| )*breaks?\b"
    rf"|\bbr(?:eak|oke|eaking|oken) (?:\w+ ){{0,4}}(?:down|into)\b|\bbroken heart\b"
    rf"|\b{_NOUN}[- ]free\b|\b0 {_NOUN}|\b(?:zero|no) {_NOUN}? ?handling needed\b"
    rf"|\b(?:would|could|might) (?:have|never) \w+"
    rf"|\b(?:worried|afraid|feared)\b.{{0,40}}\b(?:would|might|could) \w+"
    rf"|\b(?:the )?{_NOUN} (?:i|we) (?:was|were) assigned\b"
    rf"|\b(?:checks?|tests?|asserts?) (?:for|that) (?:\w+ ){{0,3}}{_NOUN}\b"
    rf"|\bas intended\b|\bfail(?:s|ed|ing)? gracefully\b"
    rf"|\b{_NOUN} (?:count|rate)s?: *0%?(?!\.?\d)|\b{_NOUN} at (?:work|home|school)\b",
    re.IGNORECASE,
)
_LACK = re.compile(r"\b(?:no|missing|without|lacks?) (?:error|exception) handl\w+", re.IGNORECASE)
"""What _HARMLESS would take away though it names a defect."""
_NEGATED = re.compile(
    rf"\b(?:without|free of|never (?:saw|had|got|met|hit)|there (?:were|was|are|is) no|had no"
    rf"|neither|nor|zero|with no|0)(?: [^\s.,;:]+){{0,3}}? {_NOUN}\b"
    rf"|\bno (?:\w+ ){{0,2}}?{_NOUN}(?=\W*$|,| (?:and|or|were|was|found|seen|occurred|encountered"
    rf"|observed|reported|at all|so far|this time|during|on|in (?!\w+\.\w+ (?:is|are))|to report"
    rf"|whatsoever|now|any ?more|remain|left)\b(?! (?:is|are) (?:raised|thrown)))"
    rf"|\b(?:did|does|do|has|have|was|were)(?:n['’]t| not)"
    rf" (?:\w+ )?{_VERB}(?:en|ing)?\b"
    rf"|\bnothing (?:really |ever |else |at all )?(?:{_VERB}|(?:went|goes|was|is) wrong"
    rf"|to report)\b"
    rf"|\bno longer \w+|\bnever (?:{_VERB}|fails|breaks|crashes)\b"
    rf"|\bnot (?:really |actually )?(?:a|an|any) {_NOUN}|(?:is|was)n['’]t (?:a|an|any) {_NOUN}"
    rf"|\bfalse alarm\b|\bworks? as (?:designed|intended)\b|\b(?:stop|avoid|prevent)\w* \w+ing\b",
    re.IGNORECASE,
)
_MEND = (
    r"(?:fixed|fixes|resolved|repaired|corrected|solved|mended|patched|addressed|eliminated"
    r"|squashed)"
)
_MENDED = re.compile(
    rf"(?<!not )(?<!n[’']t )(?<!not yet )(?<!never )(?<!\bbe )(?<!\bto be )"
    rf"\b{_MEND}\b(?! (?:yet|it\?))"
    rf"|\b(?:bug ?-?fix|fix) (?:verified|applied|confirmed|merged)\b|\bworks now\b",
    re.IGNORECASE,
)
_UNMENDED = re.compile(
    r"\b(?:still|remains?|again|not (?:yet |been |really )?(?:fixed|resolved|solved)|reopened)\b",
    re.IGNORECASE,
)

# --------------------------------------------------------------------------- in any language

EVIDENCE = re.compile(
    r"\bTraceback \(most recent|\b[A-Z]\w*(?:Error|Exception)\b(?!\.\w)"
    r"|^\s*at [\w$.<>]+ ?\(|\bsegfault\b|\bpanicked at\b|\bSIG(?:SEGV|ABRT)\b",
    re.MULTILINE,
)
"""What a machine says of a failure, whatever language the people around it speak."""

_NOTHING = (
    r"(?:nothing|none|n/?a|nil|-+|–|no|\[\]|\{\}|0%?|nada|ninguno|ninguna|ningún problema|nichts"
    r"|keine?|rien|aucune?|nenhum|nenhuma|ничего|нет|无|無|没有|特になし|なし|ありません|없음|없습니다"
    r"|no (?:failures?|errors?|issues?|problems?|bugs?|defects?))"
)
_EMPTY = re.compile(
    rf"^\W*{_NOTHING}(?:\W*$| (?:broke|crashed|at all|really|this time|so far|to report|special"
    rf"|failed|went wrong|in this"
    rf"|(?:was |were )?(?:found|seen|noted|occurred|encountered|observed))"
    rf"\b[^,;:\n]{{0,40}}$)",
    re.IGNORECASE,
)
"""An answer that there was nothing; "No error handling" and "Nothing stops the crash" are none."""
_EMPTY_FIELD = re.compile(rf"^[^:：?？\n]{{1,60}}[:：]\s*(?:{_NOTHING})?\W*$", re.IGNORECASE)
_DENIED = re.compile(
    r"^\W*(?:no,? )?(?:it|they|that|nothing) (?:did|do|does|was|were)(?:n['’]t| not)?\W*$",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^[\s>#*•·\-–]*(?:\d{1,3}[.)]\s*)?[\s*•\-–]*")
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])\s*|\n")
_CLAUSES = re.compile(
    r"[,;:]?\s+(?:but|however|although|though|whereas|except that|while|pero|aber|jedoch|но|mais"
    r"|mas)"
    r"\b[,;:]?\s*|但是?|しかし|하지만",
    re.IGNORECASE,
)
_YES = re.compile(r"^\W*(?:yes|yep|ja|sí|si|oui|sim|да|是|有|はい|네)(?!\w)", re.IGNORECASE)
_LABEL = re.compile(r"^failure[ _]reason\s*:\s*", re.IGNORECASE)
NAMED_CODE = re.compile(r"`[A-Za-z_][\w.]*(?:\([^`\n]*\))?`|[A-Za-z_]\w*\(\)")
"""A function, class or variable, written so that it can be nothing else."""
_TEMPLATE = re.compile(r"^(?P<question>[^?？\n]{0,120}[?？])\s*(?:[-–:]\s*)?(?P<answer>.*)$")

# ------------------------------------------------------------------------------ other languages

FOREIGN_DEFECT = re.compile(
    r"错误|出错|失败|崩溃|异常|缺陷|漏洞|故障|不正确|没有正确|无法|不对|有误|修复|錯誤|失敗|崩潰"
    r"|エラー|バグ|クラッシュ|不具合|例外|正しく.{0,6}(?:ません|ない)|壊れ|動きません|動かない"
    r"|오류|버그|에러|실패|충돌|예외|못합니다|못한다|안 됩니다|깨집니다"
    r"|\bошиб\w+|\bсбо[йяе]\w*|\bпада(?:ет|ют)|\bупал\w*|\bнеправильн\w+|\bневерн\w+|\bне работа\w+"
    r"|\bисключени\w+|\bбаг\w*|\bсломал\w*"
    r"|\berror(?:es)?\b|\bfall(?:o|a|os|ó|an)\b|\bse (?:cae|rompe|cuelga)|\bdefecto|\bno (?:maneja"
    r"|funciona|devuelve|valida|comprueba)|\bincorrect[oa]|\bduplicad[oa]|\brot[oa]\b|\bfalta\b"
    r"|\bfehler(?!frei)\w*|\bstürzt\b|\babsturz|\babgestürzt|\bfehlt\b|\bkaputt|\bfalsch\w*"
    r"|\bnicht (?:richtig|korrekt)|\bfunktioniert nicht|\bdefekt"
    r"|\berreurs?\b|\bbogues?\b|\bplante\b|\béchou\w+"
    r"|\bne (?:gère|fonctionne|marche|renvoie|valide)"
    r"|\bmanque\b|\bcass[ée]e?\b|\bincorrecte?"
    r"|\berros?\b|\bfalhas?\b|\btrava\b|\bquebra\b|\bnão (?:trata|funciona|retorna|valida)"
    r"|\bdefeito",
    re.IGNORECASE,
)
_FOREIGN_DENIAL = re.compile(
    r"(?:没有|無|无|沒有)任?何?(?:的)?(?:错误|問題|问题|异常|失败|故障)|未(?:发现|出现)"
    r"|問題なく|(?:エラー|問題|バグ)(?:は|も)?(?:ありません|なし|なかった)"
    r"|(?:오류|문제|에러|버그)(?:가|는)? ?없"
    r"|\bбез (?:единой )?(?:ошиб\w+|проблем\w*|сбоев)|\bошибок нет|\bнет (?:ошибок|проблем)"
    r"|\bsin (?:ningún |ninguna )?(?:error\w*|problema\w*|fallo\w*)|\b(?:ningún|ninguna) \w+"
    r"|\bno (?:hubo|hay) (?:\w+ )?(?:error\w*|problema\w*|fallo\w*)"
    r"|\bohne (?:\w+ )?(?:fehler\w*|probleme?)|\bkeine\w* (?:\w+ )?(?:fehler\w*|probleme?)"
    r"|\bsans (?:aucune? )?(?:erreur|problème|faute)s?|\baucune? (?:erreur|problème)"
    r"|\bsem (?:nenhum )?(?:erros?|problemas?|falhas?)|\bnenhum\w* (?:erro|problema|falha)",
    re.IGNORECASE,
)
_FOREIGN_MENDED = re.compile(
    r"(?:修复|修正|解决)了|已(?:经)?(?:修复|修正|解决)|修正しました|直しました|解決しました"
    r"|(?:수정|해결)(?:했|하였|되었|됐)|\bисправ(?:ил|лен)\w*|\bустран(?:ил|ен)\w*|\bпочинил\w*"
    r"|\bcorreg(?:í|imos|ido)\w*|\barregl(?:é|ado)\w*|\bsolucion(?:é|ado)\w*|\bresuelt\w+"
    r"|\bbehoben|\brepariert|\bgelöst|\bkorrigiert|\bcorrig(?:é|i|ido|imos)\w*|\brépar(?:é|ée)\w*"
    r"|\brésolue?\w*|\bresolv(?:i|ido)\b|\bconsert(?:ei|ado)\b",
    re.IGNORECASE,
)

# ------------------------------------------------------------------------------------- outcomes

GOOD_OUTCOME = re.compile(
    r"^\W*(?:all (?:\w+ ){0,3}(?:tests?|checks?|steps?) (?:are |were |have )?|test |tests |task )?"
    r"(?:success(?:ful|fully)?|succeeded|pass(?:ed|es|ing)?|ok|okay|done|resolved|fixed|green"
    r"|completed?|finished|skipped)\b(?!\?)"
    r"|^\W*(?:✅|👍|✓|✔)|^\W*(?:任务|任務)?(?:顺利|已经?)?(?:成功|完成|完了|通过)"
    r"|^\W*(?:éxito|exitos[oa]|correcto|completad[oa]|erfolg(?:reich)?|erledigt|abgeschlossen"
    r"|успе(?:х|шно)|выполнено|готово|succès|réussie?|terminée?|sucesso|concluíd[oa]|성공|완료)",
    re.IGNORECASE,
)
BAD_OUTCOME = re.compile(
    r"\b(?:fail(?:ed|ure|s)?|error(?:ed|s)?|partial(?:ly)?|incomplete|unfinished|time[d-]? ?out"
    r"|abort(?:ed)?|cancel(?:l?ed)?|reject(?:ed)?|unsuccessful(?:ly)?|crash(?:ed)?|stuck|blocked"
    r"|gave up|interrupted|not (?:done|finished|completed|solved)|could not"
    r"|did not (?:finish|complete)|mixed|broken)\b|❌|✗|✘"
    r"|失败|失敗|部分|超时|未完|中断|没有?完成|エラー|タイムアウト|실패|오류|중단|미완"
    r"|\b(?:fall[oó]|fracas|fallid|parcial|incomplet|abortad|cancelad|fehl|abgebrochen|teilweise"
    r"|gescheitert|unvollständig|неудач|ошибк|провал|не выполнен|не заверш|частичн|прерван"
    r"|échec|échou|abandonn|partiel|inachev|falh|interrompid)\w*",
    re.IGNORECASE,
)
BARE_OUTCOME = re.compile(
    r"^\W*(?:the |a |task |run |step |test |tests |it |was |with |status |outcome )*"
    r"(?:fail(?:ed|ure)?|errors?|errored|partial(?:ly)?(?: success(?:ful)?| failure| done)?|mixed"
    r"|incomplete|unfinished|time[d-]? ?out|aborted|cancell?ed|rejected|unsuccessful|stuck|blocked"
    r"|crash(?:ed)?|interrupted|could not be (?:completed|done)|did not (?:finish|complete))\W*$",
    re.IGNORECASE,
)
"""A bad end without a word on what is wrong."""

# ------------------------------------------------------------------------------------ languages

_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "was",
        "are",
        "were",
        "in",
        "of",
        "to",
        "and",
        "it",
        "on",
        "for",
        "with",
        "when",
        "that",
        "this",
        "i",
        "but",
        "by",
        "from",
        "has",
    ]
)
_LATIN = tuple(
    frozenset(words.split())
    for words in (
        "el la los las un una en de que se no y al del para por con hay está lo su cuando",
        "der die das ein eine und ist nicht mit bei den dem zu im war wird sich auf hat alle jede",
        "le la les un une et est dans de du des que qui sur pas ne pour avec il au j'ai s'est l'",
        "o a os as um uma em de do da que não com para é foi se no na ao por há",
    )
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_OTHER_SCRIPT = re.compile(r"[\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0600-\u06ff]")


@lru_cache(maxsize=8)  # a text is asked about several times in a row
def is_english(text: str) -> bool:
    """Whether English reads this text rightly: true for English and for what is hardly prose."""
    sample = text[:2000]
    words = [word.casefold() for word in _WORD.findall(sample)]
    english = sum(word in _ENGLISH for word in words)
    if len(_OTHER_SCRIPT.findall(sample)) > max(1, 3 * english):
        return False
    other = max(sum(word in known for word in words) for known in _LATIN)
    if other > english:
        return False
    accents = sum(not word.isascii() for word in words)
    return accents <= english or accents < len(words) / 4


# -------------------------------------------------------------------------------------- clauses


def clauses(text: str) -> Iterator[str]:
    """The statements of a text: no template question, no empty answer, parted at each "but"."""
    for raw in text.splitlines():
        line = _LIST_MARK.sub("", raw.replace("**", ""), count=1)
        while match := _TEMPLATE.match(line):
            line = match["answer"]
            if _YES.match(line):
                line = f"{match['question'].rstrip('?？')}: {line}"
        line = _LABEL.sub("", line)
        if _EMPTY_FIELD.match(line):
            continue
        for sentence in _SENTENCES.split(line):
            for clause in _CLAUSES.split(sentence):
                if clause.strip() and not _EMPTY.match(clause) and not _DENIED.match(clause):
                    yield clause


def defect_in(clause: str) -> str:
    """The words of an English clause that tell of a defect, empty if it tells of none."""
    if not DEFECT.search(clause) and not EVIDENCE.search(clause):
        return ""
    if _is_mended(clause, _MENDED):
        return ""
    lack = _LACK.search(clause)
    if lack:
        return lack[0]
    rest = _NEGATED.sub(" ", _HARMLESS.sub(" ", clause))
    found = DEFECT.search(rest) or EVIDENCE.search(rest)
    return found[0].strip() if found else ""


def evidence_in(clause: str) -> str:
    """A machine's own words on a failure in a clause of any language, unless it is mended."""
    found = EVIDENCE.search(clause)
    if not found or _is_mended(clause, _MENDED) or _is_mended(clause, _FOREIGN_MENDED):
        return ""
    return found[0].strip()


def _is_mended(clause: str, words: re.Pattern[str]) -> bool:
    """Whether it tells of a defect that is gone."""
    return bool(words.search(clause)) and not _UNMENDED.search(clause)


def foreign_defect_in(clause: str) -> str:
    """The same of a clause in another language; a hint, for only a few words of it are known."""
    if _is_mended(clause, _FOREIGN_MENDED) or _is_mended(clause, _MENDED):
        return ""
    found = FOREIGN_DEFECT.search(_FOREIGN_DENIAL.sub(" ", clause))
    return found[0].strip() if found else ""
