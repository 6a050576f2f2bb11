import time

from shared.identifiers import made_at, new_id


def test_an_id_says_to_the_millisecond_when_it_was_made() -> None:
    before = time.time()
    made = made_at(new_id())
    after = time.time()

    assert before - 0.001 <= made <= after
