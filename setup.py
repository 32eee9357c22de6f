"""Packaging: the top-level templates/ are installed as iam/templates/, the plugin beside Twisted's own."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildPy(build_py):
    """Install the top-level templates/ as iam/templates/."""

    def finalize_options(self) -> None:
        super().finalize_options()
        source = Path("templates")
        directories = [source, *(path for path in source.rglob("*") if path.is_dir())]
        for directory in directories:
            files = sorted(path.name for path in directory.iterdir() if path.is_file())
            target = Path(self.build_lib, "iam", directory)
            self.data_files.append(("iam", str(directory), str(target), files))


setup(
    package_dir={"": "."},  # with it an editable install puts the checkout on sys.path, where twisted.plugin looks
    packages=[*find_packages(include=["iam", "iam.*"]), "twisted.plugins"],
    package_data={"iam": ["store/migrations/*.sql", "py.typed"]},
    cmdclass={"build_py": BuildPy},
)
