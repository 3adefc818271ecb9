"""How a program is started inside the root."""

from pathlib import Path

INROOT = Path(__file__).with_name("inroot.sh")


def rooted(root: Path, folder: Path, user: str, argv: list[str]) -> list[str]:
    """Return the command that becomes `argv` as `user` inside `root`, with `folder` seen as /mnt.

    The mounts live in a private namespace and end with the program; its pid is that of the command.
    """
    alone = ["unshare", "--mount", "--propagation", "private"]
    return [*alone, "sh", str(INROOT), str(root), str(folder), user, *argv]
