// Opens a report in a browser and looks at it as people do: on a phone, a laptop and paper, in light and dark.
//
// Usage: node check.mjs FOLDER [SCREENSHOTS]. FOLDER is an output folder; exits with 1 and says what is
// wrong with its report.html: anything on the console, a request, a page wider than the screen, what axe
// finds, figures without an equivalent in text, numbers that differ from those of the CSV files.

import { readFileSync, readdirSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "/"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
];
const SCREENS = [
  { name: "phone", width: 390, height: 844 },
  { name: "laptop", width: 1280, height: 800 },
  { name: "paper", width: 794, height: 1123, media: "print" },
];

const [folder, screenshots] = process.argv.slice(2).map((it) => resolve(it));
const problems = [];
const wrong = (where, what) => problems.push(`${where}: ${what}`);

/** The rows of a table of RFC 4180, as objects by column. */
function table(path) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (const it of readFileSync(path, "utf8").replaceAll('""', "\u0000")) {
    if (it === '"') quoted = !quoted;
    else if (quoted || !",\r\n".includes(it)) cell += it;
    else if (it !== "\r") {
      row.push(cell.replaceAll("\u0000", '"'));
      cell = "";
      if (it === "\n") { rows.push(row); row = []; }
    }
  }
  const [header, ...body] = rows;
  return body.map((it) => Object.fromEntries(it.map((value, at) => [header[at], value])));
}

/** What the page's tables of a view say: table, measures by name, cells as shown. */
const tablesOf = (page, selector) => page.$$eval(`${selector} table[data-table]`, (tables) =>
  tables.map((table) => {
    const headings = [...table.querySelectorAll("thead th, thead td")];
    const measures = headings.map((it) => it.dataset.measure ?? null);
    const rows = [...table.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent));
    return { name: table.dataset.table, measures, rows };
  }));

const shown = (number) => number === "" ? "withheld" : Number(number).toLocaleString("en-US");

/** Every row of the latest period's tables must be a row of its file. */
function compare(where, tables, latest) {
  let compared = 0;
  for (const { name, measures, rows } of tables) {
    if (name === "summary" || name === "traffic" && measures.every((it) => it === null)) continue;
    const file = table(join(latest, `${name}.csv`));
    // Sums over the file's own rows have a table's name too: channels and countries.
    for (const row of rows) {
      const numbers = measures.map((measure, at) => measure && [measure, row[at]]).filter(Boolean);
      const keys = row.filter((_, at) => measures[at] === null);
      const fits = file.some((it) => numbers.every(([measure, text]) => shown(it[measure]) === text)
        && (keys[0].startsWith("(") || Object.values(it).some((value) => keys[0].includes(value))
          || ["durations", "depths"].includes(name)));
      const added = numbers.every(([measure, text]) => {
        const parts = file.filter((it) => keys[0].split(" ").includes(it.country ?? it.channel) || it.channel === keys[0]);
        const sum = parts.reduce((sum, it) => sum + Number(it[measure]), 0);
        return parts.length > 0 && sum.toLocaleString("en-US") === text;
      });
      compared += 1;
      if (!fits && !added) wrong(where, `${name}: ${row.join(" | ")} is not in the file`);
    }
  }
  if (compared < 20) wrong(where, `only ${compared} rows were compared`);
}

/** Every period's row must be that of its summary. */
function compareSummaries(where, tables, periods) {
  const summary = tables.find((it) => it.name === "summary");
  if (!summary) return wrong(where, "there is no table of the periods");
  for (const row of summary.rows) {
    const [file] = table(join(folder, `date=${row[0].split(" ")[0]}`, "summary.csv"));
    summary.measures.forEach((measure, at) => {
      if (measure && shown(file[measure]) !== row[at]) wrong(where, `summary: ${measure} of ${row[0]}`);
    });
  }
  if (summary.rows.length !== periods.length) wrong(where, "not every period is in the table");
}

async function look(browser, screen, scheme) {
  const where = `${screen.name}, ${scheme}`;
  const context = await browser.newContext({
    viewport: { width: screen.width, height: screen.height },
    colorScheme: scheme,
    javaScriptEnabled: true,
  });
  const page = await context.newPage();
  const url = pathToFileURL(join(folder, "report.html")).href;
  page.on("console", (message) => wrong(where, `console: ${message.text()}`));
  page.on("pageerror", (error) => wrong(where, `error: ${error.message}`));
  page.on("request", (request) => request.url() === url || wrong(where, `request: ${request.url()}`));
  await page.goto(url);
  if (screen.media) await page.emulateMedia({ media: screen.media, colorScheme: scheme });
  const spans = await page.$$("fieldset input");
  for (let span = 0; span < Math.max(spans.length, 1); span += 1) {
    if (spans.length && !screen.media) {
      // As with a keyboard: the label would be clicked with a mouse.
      await spans[span].focus();
      await page.keyboard.press("Space");
    }
    await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = false; }));
    await measure(page, `${where}, span ${span}`, screen);
    if (screenshots) {
      const name = `${screen.name}-${scheme}-${span}.png`;
      await page.screenshot({ path: join(screenshots, name), fullPage: true });
    }
    await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
    await measure(page, `${where}, span ${span}, opened`, screen);
    if (screen.media) break;
  }
  await context.close();
}

async function measure(page, where, screen) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) wrong(where, `${wide} pixels wider than the screen`);
  const visible = await page.$$eval(".view", (views) => views.filter((it) => it.offsetHeight > 0).length);
  if (visible !== 2) wrong(where, `${visible} parts of views are visible`);
  const nameless = await page.$$eval("svg:not([aria-hidden])", (figures) =>
    figures.filter((it) => !it.getAttribute("aria-label") || it.getAttribute("role") !== "img").length);
  if (nameless) wrong(where, `${nameless} figures have no name`);
  const textless = await page.$$eval("section:has(svg[role=img])", (sections) =>
    sections.filter((it) => !it.querySelector("table")).map((it) => it.querySelector("h2").textContent));
  // The peaks are in the table of hours.
  for (const title of textless.filter((it) => it !== "Visits at a time")) wrong(where, `${title} has no table`);
  if (screen.media) return;
  // Not by a script of the page, whose policy allows none.
  const { violations } = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
  for (const { id, nodes } of violations) wrong(where, `axe: ${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary.slice(0, 300)}`);
}

if (screenshots) mkdirSync(screenshots, { recursive: true });
const periods = readdirSync(folder).filter((it) => it.startsWith("date=")).sort();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  for (const screen of SCREENS) {
    for (const scheme of ["light", "dark"]) await look(browser, screen, scheme);
  }
  const page = await browser.newPage({ javaScriptEnabled: true });
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  compare("numbers", await tablesOf(page, ".v0"), join(folder, periods.at(-1)));
  compareSummaries("numbers", await tablesOf(page, "main > section"), periods);
} finally {
  await browser.close();
}
for (const problem of new Set(problems)) console.error(problem);
console.log(`${periods.length} periods, ${SCREENS.length} screens, 2 schemes: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
