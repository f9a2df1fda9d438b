"""Gives an account the past that pictures need, and no test can wait for: five weeks of requests, in the ledger and in its
sums, as they would stand there.

Usage: history.py DATABASE E-MAIL
"""

import random
import sqlite3
import sys
import time
from collections import defaultdict

HOUR, DAY = 3_600_000, 86_400_000
STEPS = [3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000,
         20000, 30000, 60000, 120000]
# With how often each is asked: more than a chart has colours for.
MODELS = [
    ("llama-3.1-8b-instruct", "/v1/chat/completions", 34),
    ("qwen2.5-7b-instruct", "/v1/chat/completions", 19),
    ("bge-m3", "/v1/embeddings", 14),
    ("smollm2-135m-instruct", "/v1/chat/completions", 12),
    ("all-minilm-l6-v2", "/v1/embeddings", 9),
    ("bge-reranker-v2-m3", "/v1/rerank", 6),
    ("toxic-bilstm", "/v1/moderations", 4),
    ("mistral-nemo-12b-instruct-2407-awq", "/v1/chat/completions", 2),
]
FAILURES = [
    (429, "rate_limit_exceeded", 6),
    (400, "context_length_exceeded", 2),
    (404, "model_not_found", 1),
    (503, "queue_full", 1),
    (504, "upstream_timeout", 1),
]


def weighted(draw, choices):
    return draw.choices(choices, [choice[-1] for choice in choices])[0]


def busyness(hour):
    """Of 1 at the busiest: a day's work, and quiet weekends."""
    day, of_day = divmod(hour, 24)
    return (0.15 + 0.85 * max(0, 1 - abs(of_day - 14) / 9)) * (0.35 if (day + 4) % 7 in (0, 6) else 1)


def request(draw, at, keys):
    model, endpoint, _ = weighted(draw, MODELS)
    chat = endpoint == "/v1/chat/completions"
    row = {
        "request_id": f"req_{at:012x}7{draw.getrandbits(12):03x}8{draw.getrandbits(60):015x}",
        "key_id": draw.choices(keys, [8, 3, 2, 1][: len(keys)])[0],
        "endpoint": endpoint,
        "model": model,
        "worker": "local",
        "status": 200,
        "prompt_tokens": draw.randint(12, 2400),
        "completion_tokens": draw.randint(8, 600) if chat else 0,
        "streamed": int(chat and draw.random() < 0.8),
        "duration_ms": int(draw.lognormvariate(6.4 if chat else 3.6, 0.6)),
        "finish_reason": draw.choice(["stop", "stop", "stop", "length"]) if chat else None,
        "billing_basis": "worker_usage",
        "started_ms": at,
        "auth_us": draw.randint(20, 120),
        "limit_us": draw.randint(4, 30),
        "queue_us": draw.randint(30, 4000),
        "worker_tries": 1,
    }
    if draw.random() < 0.035:
        status, code, _ = weighted(draw, FAILURES)
        row.update(status=status, error_code=code, completion_tokens=0, streamed=0, finish_reason=None, duration_ms=4,
                   prompt_tokens=0, billing_basis="none", worker_tries=0, queue_us=None)
        if status == 429:
            row["limited"] = "account requests 100 100 1"
        if status == 504:
            row.update(duration_ms=60_012, worker_tries=2)
    else:
        row["upstream_us"] = row["duration_ms"] * draw.randint(150, 500)
    if row["streamed"]:
        row["first_token_ms"] = max(2, row["duration_ms"] // draw.randint(3, 7))
    return row


def main(path, email):
    draw = random.Random(email)
    now = int(time.time() * 1000)
    db = sqlite3.connect(path, 10)
    account, = db.execute("SELECT id FROM accounts WHERE email = ?", [email]).fetchone()
    keys = [key for key, in db.execute("SELECT id FROM keys WHERE account_id = ? ORDER BY created_ms", [account])]
    sums = {"hour": (HOUR, defaultdict(lambda: defaultdict(int))), "day": (DAY, defaultdict(lambda: defaultdict(int)))}
    for hour in range(now // HOUR - 35 * 24, now // HOUR + 1):
        for _ in range(int(14 * busyness(hour) * draw.uniform(0.5, 1.4))):
            at = hour * HOUR + draw.randrange(HOUR)
            if at > now - 90_000:
                continue
            row = {"account_id": account, "replayed": 0, "retry_count": 0} | request(draw, at, keys)
            insert(db, "ledger", row)
            for length, groups in sums.values():
                place = (at - at % length, row["key_id"], row["endpoint"], row["model"], row["status"])
                add(groups[place], row)
    for name, (_, groups) in sums.items():
        for (at, key, endpoint, model, status), sum_ in groups.items():
            place = {"account_id": account, f"{name}_ms": at, "key_id": key, "endpoint": endpoint, "model": model, "status": status}
            insert(db, "usage_hourly" if name == "hour" else "usage_daily", place | sum_)
    db.execute("UPDATE accounts SET created_ms = created_ms - ? WHERE id = ?", [40 * DAY, account])
    for key in keys:
        db.execute(
            "UPDATE keys SET created_ms = created_ms - ?, last_used_ip = '203.0.113.7',"
            " last_used_ms = (SELECT MAX(started_ms) FROM ledger WHERE key_id = keys.id) WHERE id = ?",
            [36 * DAY, key],
        )
    db.commit()


def add(sum_, row):
    sum_["requests"] += 1
    sum_["prompt_tokens"] += row["prompt_tokens"]
    sum_["completion_tokens"] += row["completion_tokens"]
    for name in ("duration", "first"):
        for step in [*STEPS, "more"]:
            sum_[f"{name}_{step}"] += 0
    sum_[f"duration_{step_of(row['duration_ms'])}"] += 1
    if "first_token_ms" in row:
        sum_[f"first_{step_of(row['first_token_ms'])}"] += 1


def step_of(ms):
    return next((step for step in STEPS if ms <= step), "more")


def insert(db, table, row):
    places = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))


main(*sys.argv[1:])
