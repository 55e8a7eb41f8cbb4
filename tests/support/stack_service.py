"""Stands in for any service when the stack itself is under test: checks its settings, says it is ready."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg


class Ready(BaseHTTPRequestHandler):
    """Answers every GET with 200."""

    def do_GET(self) -> None:
        """Answer that all is well."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ready", "checks": {"database": "ok"}}')


def main() -> None:
    """Reach the database with both roles, then serve."""
    variable = next(name for name in os.environ if name.endswith("_HTTP_PORT"))
    prefix = variable.removesuffix("HTTP_PORT")
    for address in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        psycopg.connect(os.environ[prefix + address].replace("+asyncpg", "")).close()
    sys.stdout.write(f"{prefix} serves\n")
    sys.stdout.flush()
    HTTPServer((os.environ[prefix + "HTTP_HOST"], int(os.environ[variable])), Ready).serve_forever()


if __name__ == "__main__":
    main()
