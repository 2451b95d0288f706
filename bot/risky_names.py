"""The names through which code reaches beyond itself, and the kind of risk each is."""

from __future__ import annotations

import re

_BY_KIND = {
    "network": (
        "socket socketserver ssl http.client http.server urllib.request urllib3 requests httpx "
        "aiohttp ftplib smtplib imaplib poplib telnetlib nntplib xmlrpc websocket websockets "
        "paramiko boto3 botocore grpc pycurl asyncio.open_connection asyncio.start_server "
        "asyncio.open_unix_connection webbrowser"
    ),
    "subprocess": (
        "subprocess os.system os.popen os.fork os.forkpty os.execl os.execle os.execlp os.execlpe "
        "os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp os.spawnv "
        "os.spawnve os.spawnvp os.posix_spawn os.posix_spawnp os.startfile pty commands "
        "multiprocessing asyncio.create_subprocess_exec asyncio.create_subprocess_shell pexpect "
        "sh fabric"
    ),
    "dynamic code": (
        "eval exec compile __import__ __builtins__ builtins globals pickle cPickle _pickle "
        "marshal shelve dill cloudpickle joblib.load ctypes cffi importlib imp runpy code codeop "
        "pkgutil zipimport yaml.unsafe_load yaml.full_load yaml.UnsafeLoader types.CodeType "
        "types.FunctionType torch.load numpy.load jsonpickle"
    ),
    "file writes": (
        "shutil tempfile os.remove os.unlink os.rmdir os.removedirs os.rename os.renames "
        "os.replace os.makedirs os.mkdir os.chmod os.chown os.symlink os.link os.truncate os.open "
        "os.write os.mkfifo os.mknod zipfile.ZipFile.extractall tarfile"
    ),
    "environment": (
        "os.environ os.environb os.getenv os.getenvb os.putenv os.unsetenv getpass keyring netrc "
        "dotenv os.path.expanduser os.path.expandvars pathlib.Path.home Path.home pwd spwd"
    ),
    "process": (
        "os._exit os.abort os.kill os.killpg os.setuid os.setgid signal atexit sys.modules "
        "sys.settrace sys.setprofile sys.meta_path sys.path_hooks sys.addaudithook sys.excepthook "
        "sys.path faulthandler gc.get_objects gc.get_referrers inspect.stack inspect.currentframe "
        "sys._getframe resource unittest.TestCase pytest _pytest"
    ),
}
NAMES = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
"""Dotted name -> kind; what hangs on a name is of its kind too."""

METHODS = {
    "write_text": "file writes",
    "write_bytes": "file writes",
    "unlink": "file writes",
    "rmdir": "file writes",
    "mkdir": "file writes",
    "touch": "file writes",
    "chmod": "file writes",
    "symlink_to": "file writes",
    "hardlink_to": "file writes",
    "extractall": "file writes",
    "rmtree": "file writes",
    "urlopen": "network",
    "sendall": "network",
    "expanduser": "environment",
    "load_module": "dynamic code",
    "exec_module": "dynamic code",
}
"""Methods whose names say enough, whatever object they are called on."""

WRITING_MODE = re.compile(r"[wax+]")

PATHS_OF_CREDENTIALS = re.compile(
    r"\.ssh\b|\.aws\b|\.netrc\b|\.git-credentials|\.kube/|\.docker/config|\.npmrc|\.pypirc|"
    r"/etc/(passwd|shadow)|/proc/(self|\d+)/(environ|mem)|id_(rsa|ed25519)\b|169\.254\.169\.254|"
    r"ACTIONS_(RUNTIME|ID_TOKEN)|GITHUB_TOKEN"
)

TEXTUAL = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "network",
            r"\b(fetch|XMLHttpRequest|WebSocket|axios|curl|wget|net\.Dial|http\.(Get|Post|request))"
            r"\b|\b(nc|ssh|scp|telnet)\s+-?\w|require\(['\"](node:)?(https?|net|dgram|tls)['\"]"
            r"|from ['\"](node:)?(https?|net|dgram|tls)['\"]|sendBeacon|/dev/tcp/",
        ),
        (
            "subprocess",
            r"child_process|\bexec(Sync|File)?\(|\bspawn(Sync)?\(|\bexec\.Command|\bProcessBuilder|"
            r"Runtime\.getRuntime|std::process|\bsystem\(|\bpopen\(|shell_exec|\bbash -c|\bsh -c|"
            r"\|\s*(ba|z)?sh\b",
        ),
        (
            "dynamic code",
            r"\beval\b|new Function\(|\bvm\.run|\bFunction\(|\bunsafe\b|\bdlopen\b|unserialize\(|"
            r"\bimport\([^'\"]",
        ),
        (
            "file writes",
            r"\bfs(\.promises)?\.(write|append|unlink|rm|mkdir|rename|chmod|copy)|\bos\.(Remove|"
            r"Create|WriteFile|Rename|Mkdir)|\brm\s+-|\bchmod\s|\bchown\s|\bmkfs|\bdd\s+if=|"
            r"std::fs::(write|remove)|\bFile\.(write|delete)",
        ),
        (
            "environment",
            r"process\.env|os\.Getenv|std::env|System\.getenv|\bprintenv\b|\$\{?\w*(TOKEN|SECRET|"
            r"PASSWORD|API_KEY)|\.ssh/|\.aws/|\.netrc|/etc/passwd|\bENV\[",
        ),
        ("process", r"process\.exit|\bos\.Exit|\bkill\s+-|\bsudo\s|System\.exit"),
    )
)
"""For languages that are not parsed: what a new line may hold."""
