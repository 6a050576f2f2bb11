"""What is deleted and still in the database: jobs that are marked so, and all jobs of accounts that are.

Deleting an account marks the account alone, however many jobs it has. Every query that people's requests use asks
for `JOB_IS_THERE`.
"""

from sqlalchemy import select

from shared.tables import Job, User

# Read once per statement, from an index that holds deleted accounts only.
DELETED_ACCOUNTS = select(User.id).where(User.deleted_at.is_not(None))
JOB_IS_THERE = Job.deleted_at.is_(None) & Job.owner_id.not_in(DELETED_ACCOUNTS)
