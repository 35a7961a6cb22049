"""Print what client 0.5.2 offers, as Python itself tells it: classes, arguments, attributes."""

import ast
import importlib
import inspect
import json
import pkgutil

import batchapps


def arguments(function):
    """Name, kind and default of each argument, without ``self``."""
    found = list(inspect.signature(function).parameters.values())
    if found and found[0].name == "self":
        found = found[1:]
    return [
        [one.name, str(one.kind), None if one.default is one.empty else repr(one.default)]
        for one in found
    ]


def assigned(tree, name):
    """What the methods of the class give its instances, by ``self.attribute = ...``."""
    (definition,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    return sorted(
        {
            node.attr
            for node in ast.walk(definition)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        }
    )


modules = {}
for info in pkgutil.iter_modules(batchapps.__path__, "batchapps."):
    module = importlib.import_module(info.name)
    tree = ast.parse(inspect.getsource(module))
    classes = {}
    for name, kind in vars(module).items():
        if inspect.isclass(kind) and kind.__module__ == module.__name__:
            own = {key: inspect.getattr_static(kind, key) for key in vars(kind)}
            methods = {
                key: arguments(value.__func__ if isinstance(value, staticmethod) else value)
                for key, value in own.items()
                if isinstance(value, staticmethod) or inspect.isfunction(value)
            }
            classes[name] = {
                "call": methods.pop("__init__", None),
                "methods": methods,
                "members": sorted(key for key in own if key not in methods),
                "attributes": assigned(tree, name),
            }
    functions = [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    constants = {
        name: repr(value) for name, value in vars(module).items() if name.isupper() and name != "_"
    }
    modules[info.name] = {"classes": classes, "functions": functions, "constants": constants}
print(json.dumps({"modules": modules, "package": sorted(vars(batchapps))}))
