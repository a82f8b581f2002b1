from sqlalchemy import select
from app.models import shares
def test_x(seeded):
    with seeded.db.snapshot() as c:
        for r in c.execute(select(shares)).all(): print(r)
