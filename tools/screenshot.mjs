// The picture of a page in headless Chromium, 1000 pixels wide, at twice the density.
// Usage: node screenshot.mjs CHROMIUM PAGE PICTURE
import { pathToFileURL } from "node:url";
import { launched } from "./chromium.mjs";

const [executablePath, source, path] = process.argv.slice(2);
const browser = await launched(executablePath);
const page = await browser.newPage({ viewport: { width: 1000, height: 400 }, deviceScaleFactor: 2, colorScheme: "light" });
await page.goto(pathToFileURL(source).href);
await page.screenshot({ path, fullPage: true });
await browser.close();
