import { expect, open, signUp, test } from "./fixtures";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of 422/ });

test("a tier is chosen and Enterprise asked for, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  await signUp(page);
  await page.getByRole("link", { name: "Limits" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Limits");
  await expect(page.getByRole("row", { name: /^Free/ })).toContainText("Current");

  await page.getByRole("link", { name: "Choose Developer" }).focus();
  await keys.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Your limits become 100 requests and 1,000,000 tokens per minute");
  await dialog.getByRole("button", { name: "Change tier" }).focus();
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /^Developer/ })).toContainText("Current");
  await expect(page.getByText("Developer tier").first()).toBeVisible();

  await page.getByRole("link", { name: "Ask… for Enterprise" }).focus();
  await keys.press("Enter");
  await expect(dialog.getByLabel("Requests per minute")).toBeFocused();
  await keys.type("many");
  await keys.press("Enter");
  await expect(dialog.getByText("Enter a whole number, such as 2,000.").first()).toBeVisible();
  await dialog.getByLabel("Requests per minute").fill("2,000");
  await dialog.getByLabel("Tokens per minute").fill("20,000,000");
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name: "Ask again… for Enterprise" })).toBeVisible();
});

test("the meters follow what is used", async ({ page }) => {
  await signUp(page);
  await open(page, "/limits");
  const requests = page.getByRole("meter", { name: /^Requests: / });
  await expect(requests).toHaveAttribute("value", "0");
  await page.evaluate(async () => {
    const body = JSON.stringify({ model: "smollm2-135m-instruct", max_tokens: 1, messages: [{ role: "user", content: "Hi" }] });
    const headers = { "content-type": "application/json" };
    await fetch("/playground/v1/chat/completions", { method: "POST", headers, body });
  });
  await expect(requests).toHaveAttribute("value", "1");
});
