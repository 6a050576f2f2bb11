"""The compiled steps of a classifier: one that learns from a batch, and one that only answers."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.batches import Batches, Inputs, LabelledRows
from training.evaluation import Labels

Step = Callable[[NDArray[Any], Labels, NDArray[np.float32]], tf.Tensor]


def compile_train_step(model: keras.Model, optimizer: keras.optimizers.Optimizer, spec: tf.TensorSpec) -> Step:
    """inputs like `spec` (b, ...), truth (b,), weights (b,) -> float32 (3,): weighted loss, right answers, rows.

    All three are sums over the batch. The loss that is minimised is the mean over rows of weight times
    -ln p(true class), plus what the layers' regularisers add; a row of weight 0 is not there.
    """
    optimizer.build(model.trainable_variables)
    rows = tf.TensorSpec((spec.shape[0],), tf.int32), tf.TensorSpec((spec.shape[0],), tf.float32)

    @tf.function(input_signature=[spec, *rows])  # type: ignore[untyped-decorator]
    def step(inputs: tf.Tensor, truth: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        there = tf.cast(weights > 0.0, tf.float32)
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
            loss = tf.reduce_sum(losses) / tf.reduce_sum(there) + sum(model.losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        right = there * tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), truth), tf.float32)
        return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(right), tf.reduce_sum(there)])

    return step  # type: ignore[no-any-return]


class Answering:
    """A model's logits for any number of inputs, compiled once."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        signature = tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype)
        self._call = tf.function(lambda inputs: model(inputs, training=False), input_signature=[signature])

    def logits(self, inputs: Inputs) -> NDArray[np.float32]:
        """Logits (n, classes), float32, in the order of the inputs."""
        count, batch = len(inputs), inputs.answered_at_once
        found = np.empty((count, self._model.output_shape[1]), dtype=np.float32)
        if count == 0:
            return found
        nothing = np.zeros(count, dtype=np.int32)
        batches = Batches(LabelledRows(inputs, nothing), np.ones(count, dtype=np.float32), min(batch, count))
        for step, (read, _, _) in enumerate(batches.in_order(np.arange(count))):
            start = step * batch
            found[start : start + batch] = self._call(read).numpy()[: count - start]
        return found
