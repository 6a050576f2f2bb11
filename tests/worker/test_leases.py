from threading import Thread

from shared.ledger.claim import Claim
from worker.leases import HeldLeases

CLAIMS = [Claim(number, "job", attempt=1, rows=1) for number in range(4)]


def test_what_is_held_is_renewed_until_it_is_released() -> None:
    leases = HeldLeases()

    leases.hold(CLAIMS[:2])
    leases.hold(CLAIMS[1:3])
    leases.release([*CLAIMS[:1], CLAIMS[3]])

    assert sorted(leases.held(), key=CLAIMS.index) == CLAIMS[1:3]


def test_another_attempt_of_a_batch_is_another_claim() -> None:
    leases = HeldLeases()
    again = Claim(0, "job", attempt=2, rows=1)

    leases.hold([CLAIMS[0], again])
    leases.release([CLAIMS[0]])

    assert leases.held() == [again]


def test_several_threads_may_hold_and_release_at_once() -> None:
    leases = HeldLeases()

    def often() -> None:
        for _ in range(2_000):
            leases.hold(CLAIMS)
            leases.held()
            leases.release(CLAIMS)

    threads = [Thread(target=often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert leases.held() == []
