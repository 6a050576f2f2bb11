import subprocess
import sys


def test_an_io_worker_never_loads_tensorflow() -> None:
    code = "import sys, worker.process; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
