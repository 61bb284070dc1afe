"""The project's own receiver on a port, for the hooks of the second AmoCRM."""

import contextlib
import threading
import time
from collections.abc import Iterator

from pipelines.webhook.app import Receiver
from pipelines.webhook.server import listen, make_server
from pipelines.webhook.settings import HookSettings, Secrets

SECRET = "Zk3v9QwL7xT1bNf5RyH2mJc8PdGs6UaE0oViKtXq4Wn"


@contextlib.contextmanager
def receiving(warehouse_url: str) -> Iterator[str]:
    """Serve the receiver; yield the address that hooks are sent to."""
    settings = HookSettings(warehouse_url, Secrets.of(SECRET))
    server = make_server(Receiver(settings))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.002)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/amocrm/{SECRET}"
        finally:
            server.should_exit = True
            thread.join(10)
