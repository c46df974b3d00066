"""Lets hypercorn's processes end by themselves when it is asked to end.

As soon as one of several has ended it would end the others, with the requests in their hands. Run by djinit_server.py.
"""

import os
from multiprocessing.process import BaseProcess

graceful_seconds = float(os.environ["DJINIT_GRACEFUL_TIMEOUT"])
terminate = BaseProcess.terminate


def terminate_later(process: BaseProcess) -> None:
    process.join(graceful_seconds)
    terminate(process)


BaseProcess.terminate = terminate_later  # type: ignore[method-assign,assignment]
