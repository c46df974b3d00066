import multiprocessing

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = min(2, multiprocessing.cpu_count() * 2 + 1)
threads = 4
timeout = 60
max_requests = 1000
max_requests_jitter = 50
accesslog = "-"
errorlog = "-"
loglevel = "info"


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)


def when_ready(server):
    server.log.info("Server is ready. Spawning workers")
