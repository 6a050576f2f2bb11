"""The guard ends its own process, so each test runs one."""

import subprocess
import sys
import time

BEGINNING = "import sys, threading, time\nfrom worker.stall import StallGuard\n"


def run(code: str, seconds: float = 0.5) -> subprocess.CompletedProcess[str]:
    code = f"{BEGINNING}guard = StallGuard({seconds})\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)


def test_a_loop_that_hangs_ends_its_process_and_leaves_every_stack() -> None:
    started = time.monotonic()
    ended = run("def stuck(): time.sleep(60)\nwith guard: stuck()")

    assert ended.returncode == 1
    assert time.monotonic() - started < 15
    assert "in stuck" in ended.stderr
    assert "Timeout" in ended.stderr


def test_a_loop_stuck_in_native_code_that_holds_the_interpreters_lock_ends_too() -> None:
    ended = run(
        "import ctypes\n"
        "def stuck(): ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the lock, CDLL would give it away\n"
        "with guard: stuck()"
    )

    assert ended.returncode == 1
    assert "in stuck" in ended.stderr


def test_a_loop_that_advances_lives_on() -> None:
    loop = "for _ in range(60):\n        time.sleep(0.05)\n        guard.advance()"
    ended = run(f"with guard:\n    {loop}\nprint(guard.advances)", seconds=2.5)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "60\n", "")


def test_a_loop_that_advanced_and_then_hangs_ends_all_the_same() -> None:
    ended = run("with guard:\n    time.sleep(0.3); guard.advance(); time.sleep(60)")

    assert ended.returncode == 1


def test_an_idle_process_is_never_ended() -> None:
    ended = run("with guard: pass\ntime.sleep(0.8)\nprint('alive')")

    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_a_loop_that_raised_is_idle_again() -> None:
    ended = run("try:\n    with guard: raise KeyError\nexcept KeyError: time.sleep(0.8)\nprint('alive')")

    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_an_advance_of_a_loop_that_does_not_work_arms_nothing() -> None:
    ended = run("with guard: pass\nguard.advance(); time.sleep(0.8)\nprint('alive')")

    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_a_loop_that_hangs_ends_its_process_though_another_one_advances() -> None:
    ended = run(
        "def stuck():\n    with guard: time.sleep(60)\n"
        "threading.Thread(target=stuck, daemon=True).start()\n"
        "with StallGuard(0.5) as other:\n"
        "    for _ in range(1000): time.sleep(0.05); other.advance()\n"
    )

    assert ended.returncode == 1
    assert "in stuck" in ended.stderr


def test_a_loop_that_hangs_ends_its_process_though_another_one_has_come_to_its_end() -> None:
    ended = run("with guard:\n    with StallGuard(60): pass\n    time.sleep(60)")

    assert ended.returncode == 1


def test_a_loop_with_more_time_does_not_put_off_the_end_of_another() -> None:
    started = time.monotonic()
    ended = run("with guard:\n    with StallGuard(60): time.sleep(60)")

    assert ended.returncode == 1
    assert time.monotonic() - started < 15


def test_several_loops_that_advance_live_on() -> None:
    ended = run(
        "with guard, StallGuard(2.5) as other:\n"
        "    for _ in range(60): time.sleep(0.05); guard.advance(); other.advance()\n"
        "print('alive')",
        seconds=2.5,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "alive\n", "")
