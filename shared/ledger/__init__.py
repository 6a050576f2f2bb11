"""The job ledger: the rows that say what must be done, who is doing it, and what came of it.

    locks     the one order in which batches and jobs are locked
    accept    a job with its batches and rows, in one transaction
    claim     queued -> running under a lease, as much as one model call can use
    fetch     photos that have arrived: their rows go on to a model
    finish    results, counters and the job's end, only under the claim's own attempt
    failure   a lost try: halve the batch, try again, or end the row
    settle    counters of jobs, and their end
    cancel    jobs that end before their rows are done
    sweep     what nobody else is left to notice: expired leases, overdue jobs, stale lanes

Every function takes a connection inside `Database.begin()` (or `read()` where it only reads) and commits
nothing itself.
"""
