import { expect, open, signUp, test, workerStats } from "./fixtures";

const MAX_TOKENS = 2000;

test.beforeEach(async ({ page }) => {
  await signUp(page);
  await open(page, "/playground");
});

test("an answer streams to its end and says what it took", async ({ page }) => {
  await page.getByLabel("Message", { exact: true }).fill("What is the capital of France?");
  await page.getByRole("spinbutton", { name: "Max tokens" }).fill("24");
  await page.getByRole("spinbutton", { name: "Temperature" }).fill("0");
  await page.getByRole("button", { name: "Run" }).click();
  const answer = page.getByRole("log", { name: "Messages" }).getByRole("article").last();
  await expect(answer).toContainText("Paris");
  await expect(answer).toContainText(/TTFT \d+ ms/);
  await expect(answer).toContainText(/\d+ out/);
  await expect(answer).toContainText(/finish: (stop|length)/);
  await expect(page.getByText(/^Response complete, \d+ tokens$/)).toBeAttached();
  await expect(page.getByRole("button", { name: "Run" })).toBeVisible();
});

for (const [how, stop] of [
  ["the button", "button"],
  ["Esc", "key"],
] as const) {
  test(`Stop by ${how} ends the worker's generation too`, async ({ page, request }) => {
    const before = await workerStats(request);
    await page.getByRole("spinbutton", { name: "Max tokens" }).fill(String(MAX_TOKENS));
    await page.getByLabel("Message", { exact: true }).fill("Write a very long story about a river.");
    await page.getByRole("button", { name: "Run" }).click();
    const answer = page.getByRole("log", { name: "Messages" }).getByRole("article").last();
    await expect(answer).toContainText(/TTFT \d+ ms/);
    if (stop === "button") await page.getByRole("button", { name: "Stop" }).click();
    else await page.keyboard.press("Escape");
    await expect(answer).toContainText("Stopped");
    await expect.poll(async () => (await workerStats(request)).active).toBe(0);
    const after = await workerStats(request);
    expect(after.cancelled).toBe(before.cancelled + 1);
    expect(after.generated_tokens - before.generated_tokens).toBeLessThan(MAX_TOKENS / 4);
    await expect(page.getByLabel("Message", { exact: true })).toBeFocused();
  });
}

test.describe("over the limit", () => {
  // The browser itself reports the refusal.
  test.use({ allowed: /status of 429/ });

  test("the eleventh request in a minute is refused with its reason and the time to wait", async ({ page }) => {
    await page.getByRole("spinbutton", { name: "Max tokens" }).fill("1");
    for (let i = 1; i <= 11; i++) {
      await page.getByLabel("Message", { exact: true }).fill("Hello");
      await page.keyboard.press("Control+Enter");
      await expect(page.getByRole("article")).toHaveCount(2 * i);
      await expect(page.getByRole("button", { name: "Run" })).toBeVisible();
    }
    const alert = page.getByRole("log", { name: "Messages" }).getByRole("alert");
    await expect(alert).toContainText(/limit/i);
    await expect(alert).toContainText(/Try again in \d+ s/);
  });
});
