// Opens each page of a folder in one headless Chromium and prints what was seen, as JSON; the tests judge it.
// Usage: node pages.mjs CHROMIUM FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { launched } from "../../tools/chromium.mjs";

const [executablePath, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// What a screenshot does by default writes style into the page, which the page forbids.
const UNTOUCHED = { caret: "initial", animations: "allow" };

const browser = await launched(executablePath);

async function opened(path, seen, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("dialog", (dialog) => { seen.console.push(dialog.message()); dialog.dismiss(); });
  await page.goto(pathToFileURL(path).href);
  return page;
}

const unfold = (page) => page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), TAGS);
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
}

// Tab from the top to the end: what has the focus each time, beside what should have it in this order.
async function tabbed(page) {
  const wanted = await page.evaluate(() => {
    const found = [...document.querySelectorAll("a[href], summary, [tabindex]")].filter((one) => one.checkVisibility());
    found.forEach((one, index) => { window.order ??= new Map(); window.order.set(one, index); });
    return found.length;
  });
  const reached = [];
  let outlined = true;
  for (let index = 0; index < wanted; index += 1) {
    await page.keyboard.press("Tab");
    const [place, width] = await page.evaluate(() => [
      window.order?.get(document.activeElement) ?? -1, getComputedStyle(document.activeElement).outlineStyle,
    ]);
    reached.push(place);
    outlined &&= width !== "none";
  }
  return { wanted, reached, outlined };
}

async function folding(page) {
  const summary = page.locator("summary").first();
  if (!(await summary.count())) return null;
  const isOpen = () => page.evaluate(() => document.querySelector("details").open);
  const states = [await isOpen()];
  await summary.focus();
  for (const key of ["Enter", "Enter", "Space"]) {
    await page.keyboard.press(key);
    states.push(await isOpen());
  }
  return states;
}

// Follow the first link to each template, all folded: is what it leads to unfolded, and in sight?
async function followed(page) {
  const links = await page.evaluate(() => {
    for (const one of document.querySelectorAll("details")) one.open = false;
    return [...new Set([...document.querySelectorAll("tbody a")].map((one) => one.getAttribute("href")))];
  });
  const shown = [];
  for (const link of links.slice(0, 3)) {
    await page.locator(`tbody a[href="${link}"]`).first().focus();
    await page.keyboard.press("Enter");
    shown.push(await page.evaluate((id) => {
      const place = document.getElementById(id), box = place.getBoundingClientRect();
      return place.closest("details").open && box.top < window.innerHeight && box.bottom > 0;
    }, link.slice(1)));
  }
  return shown;
}

async function printed(page) {
  await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = false; });
  await page.emulateMedia({ media: "print" });
  const hidden = await page.evaluate(() => [...document.querySelectorAll(".body *, summary *")]
    .filter((one) => !one.checkVisibility() || !one.getClientRects().length)
    .map((one) => one.tagName.toLowerCase())
    .filter((name) => !["title", "desc", "caption", "wbr"].includes(name)));
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const cut = await page.evaluate(() => [...document.querySelectorAll(".scroll")]
    .filter((one) => getComputedStyle(one).overflowX !== "visible").length);
  return { hidden, ground, cut, pdf: (await page.pdf({ format: "A4" })).length };
}

async function looked(file) {
  const path = join(folder, file), name = basename(file, ".html");
  const seen = { requests: [], console: [], axe: {}, overflow: {} };
  for (const colorScheme of ["light", "dark"]) {
    const page = await opened(path, seen, { colorScheme });
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), ...UNTOUCHED });
    if (colorScheme === "dark") {
      await unfold(page);
      seen.axe.dark = await violations(page);
    }
    await page.context().close();
  }
  const page = await opened(path, seen, {});
  seen.tab = await tabbed(page);
  seen.fold = await folding(page);
  seen.follow = await followed(page);
  seen.print = await printed(page);
  await page.context().close();
  const modes = { phone: { viewport: { width: 360, height: 740 } }, forced: { forcedColors: "active", reducedMotion: "reduce" } };
  for (const [mode, options] of Object.entries(modes)) {
    const other = await opened(path, seen, options);
    await unfold(other);
    seen.overflow[mode] = await overflow(other);
    if (mode === "forced") seen.unseen = await other.evaluate(() => {
      const ground = getComputedStyle(document.body).backgroundColor; // what the browser lays behind each text
      return [...document.querySelectorAll("body *")].filter((one) => getComputedStyle(one).color === ground).length;
    });
    if (mode === "phone") seen.axe.light = await violations(other);
    await other.context().close();
  }
  return [name, seen];
}

const files = readdirSync(folder).filter((name) => name.endsWith(".html"));
const results = Object.fromEntries(await Promise.all(files.map(looked)));
await browser.close();
process.stdout.write(JSON.stringify(results));
