// Lighthouse on each page of a running service, as someone who is signed in: a table, and a failure below the marks.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const MARKS = { performance: 95, accessibility: 100, "best-practices": 100 };
const STRANGERS = ["/sign-in", "/sign-up", "/docs"];
const ACCOUNTS = ["/", "/keys", "/usage", "/playground"];

/** The cookie of a new account. */
async function signUp(base) {
  const answer = await fetch(new URL("/api/sign-up", base), {
    method: "POST",
    redirect: "manual",
    headers: { Accept: "text/html", Origin: new URL(base).origin },
    body: new URLSearchParams({ email: `lighthouse-${Date.now()}@example.com`, password: "a sentence that is long enough" }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new Error(`signing up was answered with ${answer.status}`);
  return cookie;
}

/** What took marks away, as Lighthouse words it. */
function faults(report, category) {
  const weighed = report.categories[category].auditRefs.filter(({ weight }) => weight > 0);
  return weighed
    .map(({ id }) => report.audits[id])
    .filter(({ score }) => score !== null && score < 0.9)
    .map(({ title, displayValue }) => (displayValue ? `${title} (${displayValue})` : title));
}

const base = process.env.ASSISTERS_URL;
const chrome = await launch({
  chromePath: process.env.CHROMIUM,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const complaints = [];
try {
  const Cookie = await signUp(base);
  console.log(["page".padEnd(14), ...Object.keys(MARKS).map((name) => name.padStart(14))].join(" "));
  for (const [path, extraHeaders] of [...STRANGERS.map((path) => [path, {}]), ...ACCOUNTS.map((path) => [path, { Cookie }])]) {
    const { lhr } = await lighthouse(new URL(path, base).href, {
      port: chrome.port,
      logLevel: "error",
      onlyCategories: Object.keys(MARKS),
      extraHeaders,
    });
    if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`);
    if (new URL(lhr.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`);
    const scores = Object.keys(MARKS).map((name) => Math.round(lhr.categories[name].score * 100));
    console.log([path.padEnd(14), ...scores.map((score) => String(score).padStart(14))].join(" "));
    Object.entries(MARKS).forEach(([name, mark], i) => {
      if (scores[i] < mark) complaints.push(`${path}: ${name} ${scores[i]}, wanted ${mark}: ${faults(lhr, name).join("; ")}`);
    });
  }
} finally {
  await chrome.kill();
}
for (const complaint of complaints) console.log(complaint);
process.exitCode = complaints.length ? 1 : 0;
