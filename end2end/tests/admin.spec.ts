import { awake, expect, open, signInAsAdmin, test } from "./fixtures";

// The browser itself reports answers of 400 and above.
test.use({ allowed: /the server responded with a status of 422/ });

test("a worker is added, drained, resumed and removed, all by keyboard", async ({ page }) => {
  const keys = page.keyboard;
  await signInAsAdmin(page);
  await page.getByRole("link", { name: "Admin" }).focus();
  await keys.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Workers");
  await expect(page.getByRole("row", { name: /^local/ })).toContainText("Ready");

  await page.getByRole("link", { name: "Add worker" }).focus();
  await keys.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Address")).toBeFocused();
  await keys.type("http://127.0.0.1:1");
  await keys.press("Enter");
  await expect(dialog.getByText(/^No worker answers there/)).toBeVisible();
  await expect(dialog.getByLabel("Address")).toBeFocused();
  await dialog.getByLabel("Add it even if").focus();
  await keys.press("Space");
  await dialog.getByRole("button", { name: "Add worker" }).focus();
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  const row = page.getByRole("row", { name: /^127.0.0.1:1 / });
  await expect(row).toContainText("added here");

  await row.getByRole("button", { name: "Drain" }).focus();
  await keys.press("Enter");
  await expect(row.getByRole("button", { name: "Resume" })).toBeFocused();
  await keys.press("Enter");
  await expect(row.getByRole("button", { name: "Drain" })).toBeFocused();

  await row.getByRole("link", { name: "Remove" }).focus();
  await keys.press("Enter");
  await expect(dialog).toContainText("forgotten with its key");
  await dialog.getByRole("button", { name: "Remove worker" }).focus();
  await keys.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(row).toBeHidden();
});

test("the figures are read again by themselves, and what has the focus keeps it", async ({ page }) => {
  await signInAsAdmin(page);
  await open(page, "/admin/workers");
  await awake(page);
  const drain = page.getByRole("button", { name: "Drain local" });
  await drain.focus();
  const updated = await page.getByText(/^Updated /).textContent();
  await expect(page.getByText(/^Updated /)).not.toHaveText(updated!);
  await expect(drain).toBeFocused();
});
