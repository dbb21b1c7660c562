"""ministack with minutes of half a second: its rollouts notify a batch each time. `tools.local_aws` runs this program.

The length of a minute is no option of ministack's, so this sets what its version that is pinned has for it.
"""

from ministack import app
from ministack.services import iot

MINUTE_MS = 500

if iot._JOB_ROLLOUT_INTERVAL_MS != 60_000:
    raise SystemExit("ministack no longer has the length of a minute where it was")
iot._JOB_ROLLOUT_INTERVAL_MS = MINUTE_MS
if __name__ == "__main__":
    app.main()
