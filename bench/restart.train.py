"""Lives until it is ended."""

import time

while True:
    time.sleep(60)
