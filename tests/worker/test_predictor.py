import pytest

from shared.errors import ConfigurationError
from tests.support.predictors import Fake
from worker.predictor import make_predictor


def test_a_predictor_is_made_by_its_name() -> None:
    assert type(make_predictor("tests.support.predictors:Fake")) is Fake


@pytest.mark.parametrize("name", ["", "nothing", "no.such.module:Class", "shared.store:NoSuchClass", ":Fake"])
def test_a_name_that_leads_nowhere_is_one_sentence(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"SHELFWISE_PREDICTOR={name}"):
        make_predictor(name)
