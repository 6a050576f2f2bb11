"""The storm: a real service under load while everything goes wrong, and a reckoning when it is over.

    plan          what goes wrong, and when: all of it from one seed
    goods         what customers send, and what must come of every row
    predictor     a model whose answers can be told from what it was asked
    photos        photos that are told apart by their answer, and the site that has them
    customers     who send, and remember what they were answered
    receivers     who are told by webhooks: in good order, now and then, or slowly
    scene         the running service, as who does harm to it needs it
    faults        what goes wrong
    weather       the storm itself, and the calm after it
    reckoning     what the database and the receivers have, against what was promised
    summary       the same in words

`python -m tests.faults.storm --seconds 60 --seed 7` runs one.
"""
