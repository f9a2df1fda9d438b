import { call, createFirstKey, expect, signInAsAdmin, signUp, test } from "./fixtures";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of 422/ });

test("an administrator limits, suspends and resumes an account, and all of it is on record, by keyboard", async ({
  page,
  request,
}) => {
  const keys = page.keyboard;
  const email = await signUp(page);
  const key = await createFirstKey(page);
  expect((await call(request, key)).status()).toBe(200);
  await page.context().clearCookies();
  await signInAsAdmin(page);

  await page.getByRole("link", { name: "Admin" }).focus();
  await keys.press("Enter");
  await page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Accounts" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Accounts");
  await page.getByRole("searchbox").focus();
  await keys.type(email.slice(0, 12));
  await keys.press("Enter");
  const row = page.getByRole("row", { name: email });
  await expect(row).toContainText("Active");
  await expect(page.getByRole("row")).toHaveCount(2);
  await row.getByRole("link", { name: email }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(email);

  const rpm = page.getByLabel("Requests a minute");
  await rpm.focus();
  await keys.type("none");
  await keys.press("Enter");
  await expect(page.getByText("Enter a whole number, such as 2,000.")).toBeVisible();
  await expect(rpm).toBeFocused();
  await rpm.selectText();
  await keys.type("7");
  await keys.press("Enter");
  await expect(page.getByText("Now 7 requests and 100,000 tokens a minute, set for this account alone.")).toBeVisible();

  await page.getByText("Suspend this account…").focus();
  await keys.press("Enter");
  await expect(page.getByText("Its keys (1) are refused from the very next request on")).toBeVisible();
  await page.getByLabel("Reason").focus();
  await keys.press("Enter");
  await expect(page.getByText("Say why.")).toBeVisible();
  await keys.type("unpaid since March");
  await keys.press("Enter");
  await expect(page.getByText(/^Suspended since .*: unpaid since March$/)).toBeVisible();
  const refused = await call(request, key);
  expect(refused.status()).toBe(403);
  expect((await refused.json()).error).toMatchObject({ type: "permission_error", code: "account_suspended" });

  await page.getByRole("button", { name: "Resume account" }).focus();
  await keys.press("Enter");
  await expect(page.getByText("Suspend this account…")).toBeVisible();
  expect((await call(request, key)).status()).toBe(200);

  await page.getByRole("link", { name: "All that is on record of it" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Audit log");
  const log = page.getByRole("table");
  for (const told of ["Account resumed", "Account suspended", "reason: unpaid since March", "Limits changed", "rpm: 10 → 7", "Key created"]) {
    await expect(log).toContainText(told);
  }
  await page.getByLabel("Action").selectOption("Account suspended");
  await expect(page.getByRole("row")).toHaveCount(2);
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export JSON lines" }).click();
  expect((await file).suggestedFilename()).toBe("assisters-audit-log.jsonl");
});

test("an account reads its own log, and an administrator how the service is", async ({ page }) => {
  await signUp(page);
  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Audit log");
  await expect(page.getByRole("table")).toMatchAriaSnapshot(`
    - table "What is on record, newest first":
      - rowgroup:
        - row "Action Time By From"
      - rowgroup:
        - row /Signed in .* You .*/
        - row /Account created .* You .*/
  `);
  await page.context().clearCookies();
  await signInAsAdmin(page);
  await page.goto("/admin/health");
  await expect(page.getByRole("row", { name: /^journal Good/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /^queue.length/ })).toContainText("default");
});
