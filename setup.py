"""Packaging: the top-level templates/ are installed as iam/templates/, the plugin beside Twisted's own."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

TEMPLATES = Path("templates")


class BuildPy(build_py):
    """Install the top-level templates/ as iam/templates/."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:  # an editable install reads them where they are
            for source, target in self.templates().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target, preserve_mode=False)

    def templates(self) -> dict[str, str]:
        """Where each file comes from and goes to."""
        files = (path for path in sorted(TEMPLATES.rglob("*")) if path.is_file())
        return {str(path): str(Path(self.build_lib, "iam", path)) for path in files}

    def get_outputs(self, *arguments: object, **options: object) -> list[str]:
        return [*super().get_outputs(*arguments, **options), *self.templates().values()]

    def get_output_mapping(self) -> dict[str, str]:
        return {**super().get_output_mapping(), **{target: source for source, target in self.templates().items()}}


setup(
    package_dir={"": "."},  # with it an editable install puts the checkout on sys.path, where twisted.plugin looks
    packages=[*find_packages(include=["iam", "iam.*"]), "twisted.plugins"],
    package_data={"iam": ["store/migrations/*.sql", "store/functions/*", "people/common_passwords.*", "py.typed"]},
    cmdclass={"build_py": BuildPy},
)
