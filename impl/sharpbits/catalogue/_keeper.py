"""Stand between a run and all that it starts, and end it when the run is over or sharpbits is gone.

``python -I -S _keeper.py CHANNEL PARENT NAME=VALUE PROGRAM ARGUMENT…`` runs the program as its child, with one variable
more. The keeper is the *subreaper* of everything below it: a process whose parent ends becomes the keeper's own child,
be it in a session of its own, twice forked or without a variable left. Nobody but another keeper gets out of its sight,
so what is below it is what the run started, and nothing else.

The channel, a socket, carries ``started PID KEEPER`` or ``failed ERRNO``, then ``ended CODE``. The keeper kills
everything below it and ends as soon as the other end of the channel says or closes anything, or ``PARENT`` is no longer
its parent: a killed sharpbits closes the channel, but a process forked from sharpbits may have a copy of it.
The program dies with its keeper, by the kernel (``PR_SET_PDEATHSIG``, bound to a thread: the keeper has only one).

Linux only, standard library only, and of that what starts fast: every run waits for it.
"""

import _ctypes  # ctypes, signal and socket import half the library; these are what they stand on
import _signal  # type: ignore[import-not-found]
import os
import resource
import select
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_LOOK_S = 1.0
_AGAIN_S = 0.005


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when the thread that forked it ends; ``parent`` is that thread's process."""
    _prctl(_PR_SET_PDEATHSIG, _signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it ended before it could take this one along


def stand_between(channel: int, parent: int, failure: int | None = None) -> None:
    """Become the keeper of a child, and return in that child only: leader of a session, first to go without memory.

    ``failure``: a pipe on which the child writes the error number where it could not begin, and which closes when it
    has begun; None where the child reports its start itself.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    before = _signal.signal(_signal.SIGCHLD, lambda number, frame: None)
    _signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    keeper = os.getpid()
    program = os.fork()
    if program == 0:
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, before)
        os.close(woken)
        os.close(wake)
        os.setsid()
        die_with_parent(keeper)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 - pathlib would be one more import
            score.write("1000")
        return
    if failure is not None:
        _let_go({0, channel, woken, wake, failure})
        why = os.read(failure, 16)
        tell(channel, b"failed %b\n" % why if why else b"started %d %d\n" % (program, keeper))
    _let_go({0, channel, woken, wake})
    _keep(channel, woken, program, parent)


def _prctl(option: int, value: int) -> None:
    itself = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]
    function = _ctypes.dlsym(itself, "prctl")
    if _ctypes.call_function(function, (option, value, 0, 0, 0)) != 0:
        raise OSError(f"prctl({option}, {value}) failed")


def _let_go(kept: set[int]) -> None:
    """Close every descriptor but these: whoever waits for the end of a pipe waits for the program, not its keeper."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208
        if descriptor not in kept:
            try:  # noqa: SIM105 - contextlib takes long to import
                os.close(descriptor)
            except OSError:
                pass  # the one that listed them


def _keep(channel: int, woken: int, program: int, parent: int) -> None:
    while True:
        ready, _, _ = select.select([channel, woken], [], [], _LOOK_S)
        if woken in ready:
            os.read(woken, 4096)
            _reap(channel, program)
        if channel in ready or os.getppid() != parent:
            break
    # Again until none is left: one may have started another meanwhile, and a signal takes a moment to strike.
    while _reap(channel, program):
        for pid in _below(os.getpid()):
            try:  # noqa: SIM105
                os.kill(pid, _signal.SIGKILL)
            except OSError:
                pass  # it is gone, or somebody else's (a program with the set-user-ID bit)
        select.select([woken], [], [], _AGAIN_S)
    os._exit(0)


def _reap(channel: int, program: int) -> bool:
    """Collect the dead and report the program; return whether there are children left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == program:
            tell(channel, b"ended %d\n" % os.waitstatus_to_exitcode(status))


def tell(channel: int, line: bytes) -> None:
    """Report to whoever still listens."""
    try:  # noqa: SIM105
        os.write(channel, line)
    except OSError:
        pass  # nobody does


def _below(root: int) -> list[int]:
    """Return the processes below one, as the process table has them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                    text = stat.read()
            except OSError:
                continue
            # The command's name, in parentheses, may hold anything; state and parent follow it.
            children.setdefault(int(text[text.rindex(b")") + 1 :].split()[1]), []).append(int(name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _main(arguments: list[str]) -> None:
    channel, parent, mark, command = int(arguments[0]), int(arguments[1]), arguments[2], arguments[3:]
    os.set_inheritable(channel, False)
    # What the keeper was started with, to the byte: Python may have added a variable for the locale.
    with open("/proc/self/environ", "rb") as block:  # noqa: PTH123
        variables = dict(line.split(b"=", 1) for line in block.read().split(b"\0") if b"=" in line)
    name, _, value = os.fsencode(mark).partition(b"=")
    failure, fail = os.pipe()
    stand_between(channel, parent, failure)
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores these for itself
        _signal.signal(number, _signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, {**variables, name: value})  # noqa: S606
    except OSError as error:
        os.write(fail, b"%d" % (error.errno or 0))
        os._exit(127)


if __name__ == "__main__":
    _main(sys.argv[1:])
