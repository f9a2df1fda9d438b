import { type Page } from "@playwright/test";

import { examine } from "./axe";
import { expect, open, operate, shell, signOut, signUp, SIZES, test, THEMES, workerStats } from "./fixtures";

const MAX_TOKENS = 2000;

const message = (page: Page) => page.getByLabel("Message", { exact: true });
const articles = (page: Page) => page.getByRole("log", { name: "Messages" }).getByRole("article");
const runButton = (page: Page) => page.getByRole("button", { name: /^Run (Ctrl|⌘)/ });

async function setTokens(page: Page, tokens: number) {
  await page.getByRole("spinbutton", { name: "Max tokens" }).fill(String(tokens));
  await page.getByRole("spinbutton", { name: "Temperature" }).fill("0");
}

async function ask(page: Page, text: string) {
  await message(page).fill(text);
  await page.keyboard.press("Control+Enter");
}

test.beforeEach(async ({ page }) => {
  await signUp(page);
  await open(page, "/playground");
});

test("an answer streams to its end and says what it took", async ({ page }) => {
  await message(page).fill("What is the capital of France?");
  await setTokens(page, 24);
  await runButton(page).click();
  const answer = articles(page).last();
  await expect(answer).toContainText("Paris");
  await expect(answer).toContainText(/TTFT [\d,]+ ms/);
  await expect(answer).toContainText(/\d+ out/);
  await expect(answer).toContainText(/finish: (stop|length)/);
  await expect(page.getByText(/^Response complete, [\d,]+ tokens$/)).toBeAttached();
  await expect(runButton(page)).toBeVisible();
  const id = answer.getByRole("link", { name: /^req_/ });
  await expect(id).toHaveAttribute("href", `/logs?request=${await id.textContent()}`);
  await expect(page.getByText("9 of 10 requests left")).toBeVisible();
});

for (const [how, stop] of [
  ["the button", "button"],
  ["Esc", "key"],
] as const) {
  test(`Stop by ${how} ends the worker's generation too`, async ({ page, request }) => {
    const before = await workerStats(request);
    await setTokens(page, MAX_TOKENS);
    await message(page).fill("Write a very long story about a river.");
    await runButton(page).click();
    const answer = articles(page).last();
    await expect(answer).toContainText(/TTFT [\d,]+ ms/);
    if (stop === "button") await page.getByRole("button", { name: "Stop" }).click();
    else await page.keyboard.press("Escape");
    await expect(answer).toContainText("Stopped");
    await expect.poll(async () => (await workerStats(request)).active).toBe(0);
    const after = await workerStats(request);
    expect(after.cancelled).toBe(before.cancelled + 1);
    expect(after.generated_tokens - before.generated_tokens).toBeLessThan(MAX_TOKENS / 4);
    await expect(message(page)).toBeFocused();
  });
}

test("a message is edited and asked again, answered anew, and deleted", async ({ page }) => {
  await setTokens(page, 8);
  await ask(page, "Say one");
  await expect(articles(page).last()).toContainText("finish: ");
  await ask(page, "Say two");
  await expect(articles(page)).toHaveCount(4);
  await expect(articles(page).last()).toContainText("finish: ");

  await page.getByRole("button", { name: "Edit “Say one”" }).click();
  await page.getByLabel("Edit the message").fill("Say three");
  await page.keyboard.press("Control+Enter");
  await expect(articles(page)).toHaveCount(2);
  await expect(articles(page).first()).toContainText("Say three");
  await expect(articles(page).last()).toContainText("finish: ");

  const id = await articles(page).last().getByRole("link", { name: /^req_/ }).textContent();
  await page.getByRole("button", { name: "Regenerate" }).click();
  await expect(articles(page).last()).not.toContainText(id!);
  await expect(articles(page).last()).toContainText("finish: ");
  await page.getByRole("button", { name: /^Delete “Say three”/ }).click();
  await expect(articles(page)).toHaveCount(0);
});

test("the conversation outlives a reload in its tab alone, and Clear can be undone", async ({ page, context }) => {
  await setTokens(page, 8);
  await page.getByLabel("System", { exact: true }).fill("Be brief.");
  await ask(page, "Say one");
  await expect(articles(page).last()).toContainText("finish: ");
  const said = await articles(page).last().textContent();
  await message(page).fill("half a thought");

  await open(page, "/playground");
  await expect(articles(page)).toHaveCount(2);
  expect(said).toContain((await articles(page).last().locator(".turn-text").textContent())!);
  await expect(page.getByLabel("System", { exact: true })).toHaveValue("Be brief.");
  await expect(message(page)).toHaveValue("half a thought");
  // A page of this site between, without a load.
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("link", { name: "Playground" }).click();
  await expect(articles(page)).toHaveCount(2);

  const other = await context.newPage();
  await other.goto("/playground");
  await expect(articles(other)).toHaveCount(0);
  await other.close();

  await page.getByRole("button", { name: "Clear" }).click();
  await expect(articles(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(articles(page)).toHaveCount(2);

  // Whoever signs in next in this tab finds nothing of it.
  await signOut(page);
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("the raw view has every event with its time", async ({ page }) => {
  await setTokens(page, 4);
  await ask(page, "Say one");
  await expect(articles(page).last()).toContainText("finish: ");
  await page.getByText("Raw events").click();
  const events = page.getByRole("region", { name: "Raw events" });
  await expect(events).toContainText(/^ *\d+ {2}HTTP 200\n/);
  await expect(events).toContainText("chat.completion.chunk");
  await expect(events).toContainText("data: [DONE]");
});

test("two models answer one prompt side by side", async ({ page }) => {
  await setTokens(page, 8);
  await page.getByRole("button", { name: "Compare with another" }).click();
  await expect(page.getByLabel("Model 2", { exact: true })).toBeVisible();
  await ask(page, "Say one");
  await expect(articles(page)).toHaveCount(3);
  await expect(articles(page).nth(1)).toContainText("finish: ");
  await expect(articles(page).nth(2)).toContainText("finish: ");
  await expect(page.getByText(/^2 responses complete, \d+ tokens$/)).toBeAttached();
  const boxes = await Promise.all([1, 2].map((at) => articles(page).nth(at).boundingBox()));
  expect(boxes[0]!.y).toBe(boxes[1]!.y);
  await page.setViewportSize({ width: 390, height: 844 });
  const stacked = await Promise.all([1, 2].map((at) => articles(page).nth(at).boundingBox()));
  expect(stacked[0]!.x).toBe(stacked[1]!.x);
});

test("the code is the request that was sent", async ({ page }) => {
  const sent = page.waitForRequest("**/playground/v1/chat/completions");
  await setTokens(page, 4);
  await page.getByLabel("System", { exact: true }).fill("It's “short”.");
  await page.getByLabel("Stop sequences").fill("END");
  await page.getByRole("spinbutton", { name: "Seed" }).fill("7");
  await ask(page, "Say it's one");
  const body = (await sent).postDataJSON();
  expect(body).toMatchObject({ seed: 7, stop: ["END"], max_tokens: 4, stream: true });
  await expect(articles(page).last()).toContainText("finish: ");
  await page.getByRole("button", { name: "View code" }).click();
  const code = page.getByRole("region", { name: "Code" });
  await expect(code).toContainText("Bearer $ASSISTERS_API_KEY");
  // A shell takes it as it stands: what curl would send is what the page sent.
  const command = (await code.textContent())!;
  const printed = await shell(`curl() { printf '%s' "\${@: -1}"; }; ${command}`);
  expect(JSON.parse(printed)).toEqual(body);
  await page.getByRole("button", { name: "Python" }).click();
  await expect(code).toContainText("client.chat.completions.create(");
  await page.getByRole("button", { name: "Node" }).click();
  await expect(code).toContainText("process.env.ASSISTERS_API_KEY");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("a link carries what is written, runs nothing and says where it came from", async ({ page, context }) => {
  await page.getByLabel("System", { exact: true }).fill("Be brief.");
  await message(page).fill("Bonjour, 世界");
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByText("Copied a link")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await context.newPage();
  const asked: string[] = [];
  other.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await other.goto(link);
  await expect(other.getByText("From a link.")).toBeVisible();
  await expect(other.getByLabel("System", { exact: true })).toHaveValue("Be brief.");
  await expect(message(other)).toHaveValue("Bonjour, 世界");
  expect(new URL(other.url()).hash).toBe("");
  expect(asked.filter((path) => path.startsWith("/playground/v1"))).toEqual([]);
  await other.goto("/playground#v1=broken");
  await expect(other.getByText("The link is not whole")).toBeVisible();
});

test("texts are embedded and compared", async ({ page }) => {
  await page.getByRole("link", { name: "Embeddings" }).click();
  const texts = page.getByLabel("Texts");
  await texts.fill("one alone");
  await page.keyboard.press("Control+Enter");
  await expect(texts).toHaveAccessibleDescription("Write at least two texts to compare.");
  await expect(texts).toBeFocused();
  await texts.fill("A cat sleeps.\nA kitten naps.\nThe stock market fell.");
  await page.keyboard.press("Control+Enter");
  const cells = page.getByRole("cell");
  await expect(cells).toHaveCount(9);
  const figures = (await cells.allTextContents()).map(Number);
  expect(figures[0]).toBe(1);
  expect(figures[1]).toBeGreaterThan(figures[2]!);
  await expect(page.getByText("vectors with 384 dimensions")).toBeVisible();
  await expect(page.getByText(/^\d+ tokens$/)).toBeVisible();
  await expect(page.getByRole("link", { name: /^req_/ })).toBeVisible();
});

test("documents are ranked by how well they answer a query", async ({ page }) => {
  await open(page, "/playground?mode=rerank");
  await page.getByLabel("Query").fill("Where do whales live?");
  await page.getByLabel("Documents").fill("Bread is baked.\nWhales live in the ocean.");
  await page.getByLabel("Documents").press("Control+Enter");
  const rows = page.getByRole("row");
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText("Whales live in the ocean.");
  await expect(rows.nth(1).getByRole("cell").last()).toHaveText("2");
});

test("texts are moderated, the worst category first", async ({ page }) => {
  await open(page, "/playground?mode=moderation");
  await page.getByLabel("Texts").fill("You are a stupid idiot and I hate you.\nHave a nice day.");
  await page.getByLabel("Texts").press("Control+Enter");
  await expect(page.getByRole("table")).toHaveCount(2);
  const first = page.getByRole("table").first().getByRole("row").nth(1);
  await expect(first).toContainText("Flagged");
  await expect(page.getByText("It can tell")).toBeVisible();
});

for (const colorScheme of THEMES) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} × ${viewport.height}`, () => {
      test.use({ colorScheme, viewport });

      test("axe finds nothing where there are answers", async ({ page }) => {
        await setTokens(page, 4);
        await ask(page, "Say one");
        await expect(articles(page).last()).toContainText("finish: ");
        await page.getByText("Raw events").click();
        await expect(page.getByRole("region", { name: "Raw events" })).toBeVisible();
        await examine(page);
        await page.getByRole("button", { name: /^Edit / }).click();
        await page.getByRole("button", { name: "Compare with another" }).click();
        await examine(page);
        for (const [mode, texts] of [
          ["embeddings", "A cat sleeps.\nA kitten naps."],
          ["moderation", "You are a stupid idiot."],
        ]) {
          await open(page, `/playground?mode=${mode}`);
          await page.getByLabel("Texts").fill(texts!);
          await page.keyboard.press("Control+Enter");
          await expect(page.getByText(/^\d+ tokens$/)).toBeVisible();
          await expect(page.getByLabel("Result")).toHaveAttribute("aria-busy", "false");
          await examine(page);
        }
      });
    });
  }
}

test("eight texts fit the narrowest screen", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page, "/playground?mode=embeddings");
  await page.getByLabel("Texts").fill(Array.from({ length: 8 }, (_, at) => `text ${at}`).join("\n"));
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("cell")).toHaveCount(64);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test("ten thousand tokens that come at once are all there, and in the raw view too", async ({ page }) => {
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`;
  const words = Array.from({ length: 10_000 }, (_, at) => `word${at} `);
  const body = [": queued position=2\n\n", ...words.map((content) => chunk({ content }, null)), chunk({}, "stop"), "data: [DONE]\n\n"];
  await page.route("**/playground/v1/chat/completions", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: body.join("") }),
  );
  await ask(page, "Count");
  await expect(articles(page).last()).toContainText("finish: stop");
  expect(await articles(page).last().locator(".turn-text").textContent()).toBe(words.join(""));
  await page.getByText("Raw events").click();
  await expect(page.getByRole("region", { name: "Raw events" })).toContainText("[DONE]");
});

test("what each mode is made of", async ({ page }) => {
  await open(page, "/playground?mode=rerank");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Playground" [level=1]
      - navigation "Mode":
        - list:
          - listitem:
            - link "Chat"
          - listitem:
            - link "Embeddings"
          - listitem:
            - link "Rerank"
          - listitem:
            - link "Moderation"
      - region "Request":
        - text: Query
        - textbox "Query"
        - text: Documents
        - textbox "Documents"
        - button "Clear"
        - button "View code"
        - button "Share"
        - button /Run/
      - region "Result"
      - region "Settings":
        - text: Model
        - combobox "Model"
  `);
});

test.describe("over the limit", () => {
  // The browser itself reports the refusal.
  test.use({ allowed: /status of 429/ });

  test("the third of two requests in a minute is refused with its reason and the time to wait", async ({ page }) => {
    await page.context().clearCookies();
    await operate("set-tier", await signUp(page), "enterprise", "--rpm", "2");
    await open(page, "/playground");
    await page.getByRole("spinbutton", { name: "Max tokens" }).fill("1");
    for (let i = 1; i <= 3; i++) {
      await ask(page, "Hello");
      await expect(articles(page)).toHaveCount(2 * i);
      await expect(runButton(page)).toBeVisible();
    }
    const alert = page.getByRole("log", { name: "Messages" }).getByRole("alert");
    await expect(alert).toContainText(/limit/i);
    await expect(alert.getByRole("button", { name: /Try again in \d+ s/ })).toBeDisabled();
    await expect(page.getByText("0 of 2 requests left")).toBeVisible();
  });
});

test.describe("signed out meanwhile", () => {
  test.use({ allowed: /status of 401/ });

  test("a session that ended leads to sign in, and what was written is still there after", async ({ page, context }) => {
    await setTokens(page, 4);
    await context.clearCookies();
    await ask(page, "Hello");
    const alert = page.getByRole("log", { name: "Messages" }).getByRole("alert");
    await expect(alert.getByRole("link", { name: "Sign in" })).toBeVisible();
    await signUp(page);
    await open(page, "/playground");
    await expect(articles(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(articles(page).last()).toContainText("finish: ");
  });
});
