import { awake, choose, createFirstKey, expect, fillDoor, freshEmail, PASSWORD, shell, signOut, test } from "./fixtures";

test("from nothing to a first request, and back to nothing", async ({ page }) => {
  const email = freshEmail();
  let command = "";
  let key = "";

  await test.step("a stranger is led to sign in, and from there to a new account", async () => {
    await page.goto("/keys");
    await expect(page).toHaveURL(/\/sign-in/);
    await awake(page);
    await page.getByRole("link", { name: "Create an account" }).click();
    await expect(page.getByRole("heading", { name: "Create an account" })).toBeVisible();
    await fillDoor(page, email, PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: "Welcome. One request and you are live." })).toBeVisible();
  });

  await test.step("a key is created, copied, and filled into the command", async () => {
    key = await createFirstKey(page);
    await page.getByRole("button", { name: "Copy the key" }).click();
    await expect(page.getByText("Copied the key")).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await page.getByRole("button", { name: "Copy the command" }).click();
    await expect(page.getByText("Copied the command")).toBeVisible();
    command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toMatch(/^curl /);
    expect(command).toContain(key);
  });

  await test.step("the command streams tokens, and the page notices", async () => {
    await expect(page.getByText("Waiting for your first request")).toBeVisible();
    const printed = await shell(command);
    expect(printed.match(/^data: \{/gm)?.length).toBeGreaterThan(2);
    expect(printed).toContain("data: [DONE]");
    await expect(page.getByText("Your first request has arrived.")).toBeVisible();
  });

  await test.step("the request is on the usage page", async () => {
    await page.getByRole("link", { name: "See it in usage" }).click();
    await expect(page.getByRole("heading", { name: "Usage", exact: true })).toBeVisible();
    const row = page.getByRole("table", { name: "Usage by model" }).getByRole("row", { name: /smollm2/ });
    await expect(row.getByRole("cell").first()).toHaveText(/^1\b/);
  });

  await test.step("the key is revoked, and the same command is refused", async () => {
    await page.getByRole("link", { name: "Keys" }).click();
    await choose(page, "first-key", "Revoke…");
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(page.getByRole("row", { name: /first-key/ })).toContainText("Revoked");
    const refused = JSON.parse(await shell(command));
    expect(refused.error.code).toBe("api_key_revoked");
    expect(await shell(command.replace("curl", "curl -s -o /dev/null -w '%{http_code}'"))).toBe("401");
  });

  await test.step("signed out, the pages are closed", async () => {
    await signOut(page);
    await page.goto("/keys");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await fillDoor(page, email, PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "API keys" })).toBeVisible();
  });
});
