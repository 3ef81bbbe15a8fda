import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, Result, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE_SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OPTIONS: RunOptions = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] },
  resultTypes: ['violations'],
};

/** What axe finds against WCAG 2.2 AA, one line for each place. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  // The content security policy of the page forbids inline scripts; the debugger's door does not ask it.
  const isThere = await page.evaluate('typeof window.axe === "object"');
  if (isThere !== true) await page.evaluate(AXE_SOURCE);
  const results = (await page.evaluate(`window.axe.run(document, ${JSON.stringify(OPTIONS)})`)) as AxeResults;
  if (results.passes.length === 0) throw new Error('axe has looked at nothing');
  return results.violations.flatMap(toLines);
}

const toLines = ({ id, help, nodes }: Result): string[] =>
  nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`);

/** Lets layout follow and animations come to their end, so that nothing is measured halfway. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    const ending = document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
  })()`);
}

/** How far the page is wider than its window, in CSS pixels, and what stands out furthest. */
export async function findOverflow(page: Page): Promise<{ readonly px: number; readonly culprits: readonly string[] }> {
  return (await page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    // What is fixed to the window never makes the page wider, so it is asked itself.
    const fixed = [...document.querySelectorAll('body *')].filter((element) => getComputedStyle(element).position === 'fixed');
    const px = Math.max(
      document.documentElement.scrollWidth - width,
      ...fixed.map((element) => element.scrollWidth - element.clientWidth),
    );
    const culprits = px <= 0 ? [] : [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => element.outerHTML.slice(0, 120));
    return { px, culprits: culprits.slice(0, 5) };
  })()`)) as { px: number; culprits: string[] };
}
