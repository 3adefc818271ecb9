"""Mosquitto, Kafka and PostgreSQL with TimescaleDB on a machine without Docker."""
