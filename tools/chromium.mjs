// Headless Chromium that keeps to itself: no updates, no sync, nothing asked of anybody.
import { chromium } from "playwright-core";

export const launched = (executablePath) => chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
