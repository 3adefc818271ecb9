"""The yardstick: the same job as an ordinary implementation with well-known libraries would do it.

paho takes the messages, each becomes a task; pydantic checks it; `send_and_wait` writes it to Kafka, one
reading a record; consumers read with `async for`; rows go in by `executemany` into a hypertable with a unique
index; a receipt follows what Kafka has; thresholds open alerts in PostgreSQL. It is honest work, correct and
not slowed down on purpose; it lacks most of the product's rules.
"""
