import AxeBuilder from "@axe-core/playwright";
import { type Page } from "@playwright/test";

import { expect } from "./fixtures";

/** Expects that axe finds nothing in the page as it is once it has come to rest. */
export async function examine(page: Page) {
  // What is still fading in has not its colours yet.
  await page.evaluate(() => {
    const ends = (animation: Animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
    return Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
  expect(told).toEqual([]);
}
