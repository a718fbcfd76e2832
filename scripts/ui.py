"""Starts the Dagster UI and the web interface beside it, prints both addresses, stops both.

usage: ui.py [--web-port N] COMMAND …, the command of the Dagster UI, e.g. `dg dev --port 3000`.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

STOP_SECONDS = 20
"""Seconds that both get to stop before they are killed."""


DAGSTER_PORT = 3000
"""The port of the Dagster UI, unless its command names one."""


def answers(port: int) -> bool:
    """Return whether a server listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_for(port: int, processes: list[subprocess.Popen[bytes]]) -> bool:
    """Wait until a server listens, and return whether all processes still run."""
    while not answers(port):
        if any(process.poll() is not None for process in processes):
            return False
        time.sleep(0.2)
    return True


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop what still runs: ask, and kill what does not end in time."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # With the group, because webserver and daemon outlive `dg dev`.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main(arguments: list[str]) -> int:
    web_port = 8000
    if arguments[:1] == ["--web-port"]:
        web_port, arguments = int(arguments[1]), arguments[2:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else DAGSTER_PORT
    web = [sys.executable, "-m", "fantasy_pipeline.cli", "api", "--port", str(web_port)]
    for each in (port, web_port):
        if answers(each):
            print(f"error: port {each} is taken; stop the server that uses it.", file=sys.stderr)
            return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Groups of their own: Ctrl-C reaches this process alone, which stops both.
    processes = [subprocess.Popen(command, start_new_session=True) for command in (arguments, web)]
    try:
        if wait_for(port, processes) and wait_for(web_port, processes):
            print(f"Dagster UI:    http://127.0.0.1:{port}")
            print(f"Web interface: http://127.0.0.1:{web_port}")
            print("Ctrl-C stops both.", flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)
    print("error: one of both servers has ended, so the other was stopped.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
