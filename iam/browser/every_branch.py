"""Templates that go through all of their branches at once, to try every line of them by rendering once."""

from collections.abc import Iterator, MutableMapping
from typing import cast

from jinja2 import BytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Environment
from jinja2.runtime import Context
from jinja2.utils import missing

from iam.browser.samples import Interface, Sample


class EveryBranch(CodeGenerator):
    """Writes the Python of a template without choices: conditions are evaluated, and what depends on them happens."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Writes a template, in which loops over tuples are told how long those are."""
        for loop in node.find_all(nodes.For):
            if isinstance(loop.target, nodes.Tuple):
                length = nodes.Const(len(loop.target.items), lineno=loop.lineno)
                loop.iter = nodes.Filter(loop.iter, "tuples", [length], [], None, None, lineno=loop.lineno)
        super().visit_Template(node, frame)

    def visit_If(self, node: nodes.If, frame: Frame) -> None:
        """Writes all bodies one after the other, each behind its condition."""
        branch = frame.soft()
        parts = [(each.test, each.body) for each in (node, *node.elif_)]
        for test, body in (*parts, (None, node.else_)):
            if body:
                self._condition(node, test, branch)
                self.indent()
                self.blockvisit(body, branch)
                self.outdent()

    def _condition(self, node: nodes.Node, test: nodes.Node | None, frame: Frame) -> None:
        """Writes a condition that is evaluated and holds: a tuple with its value."""
        self.writeline("if (", node)
        self._try(test or nodes.Const("always"), frame)
        self.write(", True):")

    def visit_CondExpr(self, node: nodes.CondExpr, frame: Frame) -> None:
        """Writes condition and both values; the first is the result."""
        self._all(frame, 1, node.test, node.expr1, node.expr2 or node.expr1)

    def visit_And(self, node: nodes.BinExpr, frame: Frame) -> None:
        """Writes both sides; the second is the result."""
        self._all(frame, 1, node.left, node.right)

    def visit_Or(self, node: nodes.BinExpr, frame: Frame) -> None:
        """Writes both sides; the first is the result."""
        self._all(frame, 0, node.left, node.right)

    def _all(self, frame: Frame, result: int, *parts: nodes.Node) -> None:
        self.write("(")
        for part in parts:
            self._try(part, frame)
            self.write(", ")
        self.write(f")[{result}]")

    def _try(self, part: nodes.Node, frame: Frame) -> None:
        """Writes an expression whose value is looked at, so that one that is undefined is found."""
        self.write("environment.look_at(")
        self.visit(part, frame)
        self.write(")")


class SampleContext(Context):
    """A context in which each variable that the interface allows is there, as a sample."""

    def resolve_or_missing(self, key: str) -> object:
        """Returns the value of this variable: what the template or the globals say, or else a sample."""
        found = super().resolve_or_missing(key)
        interface = cast("Rehearsal", self.environment).interface
        return Sample((key,), interface) if found is missing and interface.has((key,)) else found


class Compiled(BytecodeCache):
    """What was compiled, for several environments with the same templates."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fills in what is kept of this template."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps what was made of this template."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Rehearsal(Environment):
    """An environment in which rendering a template goes through all of it; `interface` is what the page is given."""

    code_generator_class = EveryBranch
    context_class = SampleContext
    interface = Interface()

    def get_template(
        self,
        name: str | Template | Sample,
        parent: str | None = None,
        globals: MutableMapping[str, object] | None = None,  # noqa: A002 - Jinja's
    ) -> Template:
        """Returns a template; for a frame that the page is given, one that renders all blocks of its page."""
        if not isinstance(name, Sample):
            return super().get_template(name, parent, globals)
        frame = self.from_string("")
        frame.root_render_func = every_block
        return frame

    @staticmethod
    def look_at(value: object) -> object:
        """Returns the value. Raises UndefinedError if it is undefined."""
        bool(value)
        return value


def every_block(context: Context) -> Iterator[str]:
    """Renders all blocks of a page."""
    for blocks in list(context.blocks.values()):
        yield from blocks[0](context)


def tuples(values: object, length: int) -> object:
    """Returns tuples of this length for a sample, and other values as they are."""
    return values.tuples(length) if isinstance(values, Sample) else values
