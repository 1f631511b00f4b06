import { isDeepStrictEqual } from 'node:util'
import type { RenderLayout } from './props.ts'

/**
 * Renders as `render` does, for a run in which no file changes: a layout that has come out the same twice will do so again,
 * so from then on it is rendered once for the same props. One that comes out different each time goes on showing it.
 */
export function rememberLayouts(render: RenderLayout): RenderLayout {
  const steady = new Set<string>()
  const first = new Map<string, ReturnType<RenderLayout>>()
  return async (file, props) => {
    const key = JSON.stringify([file, props])
    const before = first.get(key)
    if (before && steady.has(file)) return before
    const now = render(file, props)
    if (!before) first.set(key, now)
    else if (isDeepStrictEqual(await before, await now)) steady.add(file)
    return now
  }
}
