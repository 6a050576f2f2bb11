"""Statistics: what workers have measured of their work, kept by the minute and by the hour.

bins        the classes that latencies, confidences and unknown tokens are counted in, and percentiles from them
counts      what one worker has done on one lane with one bundle in one period
records     their table: written by each worker, summed up by whoever asks, removed by the sweep
stability   how far two distributions are apart: the population stability index
"""
