"""Celery's settings, each with its reason: what survives kill -9, and leaves other applications alone."""

from __future__ import annotations

from typing import Any

from simsearch.worker.queue import WAITING

#: Seconds after which a message that no worker has finished is given to another one. Longer than a task may take,
#: or tasks would be done twice.
VISIBILITY = 300
#: Seconds that a worker waits for the index's server before it puts a message back.
PATIENCE = 30
#: Seconds that a task may take, several waits that end well included, before it is asked to stop, and before its
#: process is killed.
SOFT_LIMIT, HARD_LIMIT = 180, 210
#: Seconds between two looks at messages that nobody has finished.
SWEEP = 5


def settings(broker: str, prefix: str) -> dict[str, Any]:
    """Return the settings for a broker; all keys in Redis begin with `prefix`."""
    return {
        "broker_url": broker,
        # Without it, Celery sends secrets to whoever answers; what the address says of certificates goes before.
        **({"broker_use_ssl": {"ssl_cert_reqs": "required"}} if broker.startswith("rediss://") else {}),
        "broker_transport_options": {
            # Ours alone: Celery puts back what is unacknowledged by the shortest visibility timeout of all
            # applications that share its keys.
            "global_keyprefix": prefix,
            "visibility_timeout": VISIBILITY,
            "unacked_restore_interval": SWEEP,
            "unacked_restore_throttle": 1,  # else one look in ten
            "unacked_mutex_expire": 10,  # a worker that is killed while it looks keeps the others from looking
            "socket_connect_timeout": 5,
            "socket_timeout": 10,  # a Redis that hangs is left
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        "task_default_queue": WAITING,
        "task_create_missing_queues": False,
        # Nobody waits for results, and a backend would be one more thing to lose.
        "result_backend": None,
        "task_ignore_result": True,
        # Nothing that could run code is ever read.
        "accept_content": ["json"],
        "task_serializer": "json",
        "event_serializer": "json",
        "result_accept_content": ["json"],
        "result_serializer": "json",
        # A message is acknowledged when its documents are stored, and comes back when its process dies or it fails.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": False,
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": SOFT_LIMIT,
        "task_time_limit": HARD_LIMIT,
        # What a connection loss makes come again is stored once all the same; killing would only count as a try.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "worker_pool": "simsearch.worker.pool:OwnTaskPool",
        "worker_max_tasks_per_child": 1000,
        # On SIGQUIT: time for what is in hand, before it is put back.
        "worker_soft_shutdown_timeout": 10.0,
        # What there is to see is in Redis, without anybody being able to command workers.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
