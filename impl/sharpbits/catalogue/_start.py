"""Run ``FILE`` as ``python FILE`` does, without collecting garbage among what it imports. Standard library only.

Importing this stack makes a quarter of a million objects that live until the end. Python's collector walks them again
and again while they are imported, and takes them apart one by one at the end: together a quarter of the processor time
of a small finding. Here the collector pauses until the last import at the top of the file, and leaves alone what was
there by then (:func:`gc.freeze`). What the file itself makes is collected as ever, and torn down at the end; exit
handlers and the destructors of native libraries run. Lost is one thing: that a library breaks because the interpreter
*collects* that library's own globals when all is over would not be seen.

With ``--parent`` in place of ``FILE`` (see ``_parent.py``) it imports packages first, and each child forked from there
goes on here with a file of its own.
"""


def _start() -> None:
    # All names are local: the program gets this module for its own, empty.
    import ast
    import atexit
    import gc
    import os
    import sys

    module = globals()

    def imported() -> None:
        del module["_imported"]
        gc.freeze()
        gc.enable()

    def end() -> None:
        # The module's frozen dictionary would keep these alive for ever. Private names first, as at any module's end.
        for private in True, False:
            for name in [name for name in module if name.startswith("_") == private and name != "__builtins__"]:
                module[name] = None

    # Registered before the program can register any, so it is the last of the exit handlers.
    atexit.register(end)
    if sys.argv[1] == "--parent":
        import runpy

        parent = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_parent.py")  # noqa: PTH100, PTH118, PTH120
        sys.argv[1:] = [runpy.run_path(parent)["serve"](sys.argv[2:])]
    path = sys.argv[1]

    with open(path, "rb") as file:  # noqa: PTH123 - pathlib would be one more import
        tree = ast.parse(file.read(), path)
    imports = [index for index, node in enumerate(tree.body) if isinstance(node, (ast.Import, ast.ImportFrom))]
    if imports:
        call = ast.Expr(ast.Call(ast.Name("_imported", ast.Load()), [], []))
        ast.copy_location(call, tree.body[imports[-1]])
        tree.body.insert(imports[-1] + 1, ast.fix_missing_locations(call))
        module["_imported"] = imported
        gc.disable()
    program = compile(tree, path, "exec", dont_inherit=True)

    del sys.argv[0], module["_start"]
    sys.path[0] = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120
    module["__file__"] = path
    exec(program, module)  # noqa: S102


_start()
