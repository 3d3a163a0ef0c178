"""Random histories equal the model on the servers as they do on a file."""
import os
import pathlib
import sys
import unittest

import targets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "properties"))

from driver import Warehouse  # noqa: E402
from histories import make_history  # noqa: E402
from test_histories import clear, play  # noqa: E402

CASES = int(os.environ.get("LYCEUM_PROPERTY_CASES", "8")) // 2


def tearDownModule():
    targets.SERVERS.stop()


class ServerWarehouse(Warehouse):
    """A warehouse of the property tests that lies on a server."""

    schema = "public"

    def __init__(self, kind):
        super().__init__()
        self.server = kind(self.folder)
        self.environment = self.server.environment

    @property
    def target(self):
        return self.server.url

    def close(self):
        self.server.close()
        super().close()


class Histories(unittest.TestCase):
    def play_on(self, kind):
        for seed in range(5000, 5000 + CASES):
            history = make_history(seed)
            if not clear(history):
                continue
            with self.subTest(seed=seed):
                warehouse = ServerWarehouse(kind)
                try:
                    play(history, warehouse=warehouse)
                    warehouse.digests()
                    self.assertEqual(warehouse.server.refusals, [])
                finally:
                    warehouse.close()

    def test_postgresql(self):
        self.play_on(targets.Postgres)

    def test_redshift(self):
        self.play_on(targets.Redshift)


if __name__ == "__main__":
    unittest.main()
