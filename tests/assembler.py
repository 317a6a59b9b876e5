"""assembler.py: the assembler that tests use: our own (`stator ilasm`), or the one that --ilasm or $ILASM names."""
import os


def command(runtime, given=None):
    """The words that its options follow."""
    other = given or os.environ.get("ILASM")
    return [str(other)] if other else [str(runtime), "ilasm"]
