"""The documents of an owner: notices."""

from __future__ import annotations

import random
from typing import Any

WHO = ["居民", "学生", "游客", "司机", "医生", "老人"]
WHAT = ["停水", "修路", "放假", "体检", "免费参观植物园", "绕行建设街"]


def notice(chance: random.Random, number: int) -> dict[str, Any]:
    """Return a document of the owner."""
    body = "".join(
        f"请各位{chance.choice(WHO)}注意，{chance.randrange(1, 29)}日{chance.choice(WHAT)}。" for _ in range(3)
    )
    city = chance.choice(["杭州", "成都", "武汉"])
    return {"body": body, "title": f"{number}号通知", "city": city, "views": chance.randrange(100), "changed": number}


def notices(chance: random.Random, count: int) -> list[dict[str, Any]]:
    """Return documents of the owner."""
    return [notice(chance, number) for number in range(count)]
