"""What this machine's processor can do."""

from pathlib import Path

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware, which about doubles the speed of convolutions.

    Known for Linux on x86-64; False elsewhere.
    """
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in described.splitlines() if line.startswith("flags")), "")
    return not _BFLOAT16_FLAGS.isdisjoint(flags.split())
