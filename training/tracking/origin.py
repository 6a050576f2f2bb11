"""Where a run comes from: the program, its commit if it runs from a git work tree, and the libraries' versions."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("shelfwise", "tensorflow-cpu", "keras", "tokenizers", "numpy", "pillow", "mlflow")


def origin_tags() -> dict[str, str]:
    """Tags under the names that MLflow's page knows, and `library.NAME` for what is installed."""
    tags = {"mlflow.source.name": "shelfwise train", "mlflow.source.type": "LOCAL"}
    commit = git_commit(Path(__file__).resolve().parents[2])
    if commit is not None:
        tags["mlflow.source.git.commit"] = commit
    for name in LIBRARIES:
        try:
            tags[f"library.{name}"] = version(name)
        except PackageNotFoundError:
            continue  # TensorFlow has other names on other platforms
    return tags


def git_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`, None when `root` is not the top of a git work tree.

    An installed package may lie inside somebody else's work tree, whose commit would say nothing of it.
    """
    git = ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"]
    try:
        answer = subprocess.run(git, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    top, _, commit = answer.stdout.strip().partition("\n")
    return commit if answer.returncode == 0 and Path(top) == root else None
