import time
from threading import Thread

import pytest

from shared.errors import InvalidInput
from shared.passwords import Passwords, generated_password, refuse_weak_password


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


def test_a_password_verifies_against_its_own_hash_only(passwords: Passwords) -> None:
    stored = passwords.hash("naïve phrase 🎉")

    assert stored.startswith("$argon2id$")
    assert "naïve" not in stored
    assert passwords.verify("naïve phrase 🎉", stored)
    assert not passwords.verify("naive phrase 🎉", stored)


def test_the_same_password_never_has_the_same_hash(passwords: Passwords) -> None:
    assert passwords.hash("a phrase") != passwords.hash("a phrase")


@pytest.mark.parametrize("stored", [None, "!"], ids=["unknown account", "no password"])
def test_an_account_without_a_password_refuses_every_password_and_takes_as_long(
    passwords: Passwords, stored: str | None
) -> None:
    known = passwords.hash("a phrase")

    assert not passwords.verify("!", stored)
    assert seconds_of(passwords, stored) > 0.5 * seconds_of(passwords, known)


def seconds_of(passwords: Passwords, stored: str | None) -> float:
    """The shortest of a few tries: what else the machine does can only lengthen them."""
    tries = []
    for _ in range(3):
        started = time.perf_counter()
        passwords.verify("another", stored)
        tries.append(time.perf_counter() - started)
    return min(tries)


def test_many_sign_ins_at_once_are_all_answered(passwords: Passwords) -> None:
    stored = passwords.hash("a phrase")
    answers: list[bool] = []
    threads = [Thread(target=lambda: answers.append(passwords.verify("a phrase", stored))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert answers == [True] * 10


@pytest.mark.parametrize(
    "password",
    ["", "short", "1234567", "x" * 129, "password", "12345678", "qwertyuiop", "a" * 128, "Password1", "marguerite-d"],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        refuse_weak_password(password, "marguerite-d")

    assert (caught.value.code, caught.value.where) == ("WEAK_PASSWORD", "body.password")


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "mauve-otter-41", "é" * 4 + "xK9!ßq2w", "pq7#Lz" * 3 + "k" * 110]
)
def test_a_password_that_is_not_is_taken(password: str) -> None:
    refuse_weak_password(password, "marguerite-d")


def test_a_generated_password_is_strong_and_never_the_same() -> None:
    made = {generated_password() for _ in range(20)}

    assert len(made) == 20
    for password in made:
        refuse_weak_password(password, "admin")
