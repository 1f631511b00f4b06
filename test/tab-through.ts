import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/**
 * Goes through a page by the Tab key alone: all that can be used is reached, in the order in which it is read, shows that it
 * has the focus, and is not covered or out of sight while it has (WCAG 2.2: 2.1.1, 2.4.3, 2.4.7, 2.4.11).
 */
export async function tabThrough(page: Page, where: string): Promise<void> {
  const { usable, presses } = await page.evaluate(prepare)
  for (let press = 0; press < presses; press += 1) await page.keyboard.press('Tab')
  const { reached, unseen } = await page.evaluate(read)
  // A list of mistakes has the focus when the page comes, so that the way begins there.
  const start = usable.indexOf(reached[0] ?? '')
  expect({ where, reached: reached.slice(0, usable.length), unseen }).toEqual({
    where,
    reached: [...usable.slice(start), ...usable.slice(0, start)],
    unseen: [],
  })
}

declare global {
  interface Window {
    tabbed: { reached: string[]; unseen: string[] }
  }
}

/** In the browser: names what can be used, and notes what gets the focus from now on. */
function prepare(): { usable: string[]; presses: number } {
  const selector = 'a[href], button, input, select, textarea, iframe, summary, [tabindex="0"]'
  const isUsable = (element: HTMLElement) =>
    element.tabIndex >= 0 &&
    element.checkVisibility() &&
    !element.matches('[type="hidden"], :disabled')
  const all = [...document.querySelectorAll<HTMLElement>(selector)].filter(isUsable)
  // Of a group of radio buttons, the arrow keys reach the others.
  const isFirst = (element: HTMLElement) =>
    !element.matches('[type="radio"]') ||
    document.querySelector(`[name="${element.getAttribute('name')}"]`) === element
  const stops = all.filter(isFirst)
  for (const [index, element] of stops.entries()) {
    element.dataset['stop'] = `${index} ${element.tagName} ${element.textContent.trim()}`
  }
  window.tabbed = { reached: [], unseen: [] }
  // Part of it is enough (2.4.11).
  const isSeen = (element: HTMLElement) => {
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const points = [left + 2, (left + right) / 2, right - 2].flatMap((x) =>
      [top + 2, (top + bottom) / 2, bottom - 2].map((y) => document.elementFromPoint(x, y)),
    )
    return points.some((one) => element.contains(one))
  }
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return
    const stop = target.dataset['stop'] ?? target.outerHTML
    const { reached, unseen } = window.tabbed
    if (reached.includes(stop)) return
    reached.push(stop)
    const { outlineStyle, outlineWidth } = getComputedStyle(target)
    if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) unseen.push(`no outline: ${stop}`)
    if (!isSeen(target)) unseen.push(`covered: ${stop}`)
  })
  // A date has a stop for each of its parts.
  const parts = 4 * stops.filter((element) => element.matches('[type="date"]')).length
  return {
    usable: stops.map(({ dataset }) => dataset['stop'] ?? ''),
    presses: stops.length + parts + 1,
  }
}

/** In the browser: what has got the focus since. */
function read(): { reached: string[]; unseen: string[] } {
  return window.tabbed
}
