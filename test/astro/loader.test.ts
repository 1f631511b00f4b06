import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import type { LoaderContext } from 'astro/loaders'
import { expect, it, vi } from 'vitest'
import { campaigns } from '../../integrations/mailshot/loader.ts'

const changed = resolve('campaigns/2026-09-rentree.md')

it('loads one time after the other, once for all that changed meanwhile', async () => {
  const { loader, context, watcher, parsed } = await loaded()
  const all = parsed.splice(0)
  watcher.emit('all', 'change', changed)
  await vi.waitUntil(() => parsed.length > 0, { timeout: 30_000 })
  watcher.emit('all', 'change', changed)
  watcher.emit('all', 'unlink', changed)
  await loader.load(context)
  expect(parsed).toEqual([...all, ...all, ...all])
})

it('leaves files elsewhere alone', async () => {
  const { loader, context, watcher, parsed } = await loaded()
  const all = parsed.splice(0)
  watcher.emit('all', 'change', resolve('src/mailshot.config.ts'))
  await loader.load(context)
  expect(parsed).toEqual(all)
})

it('only says what goes wrong after a change, and loads after the next', async () => {
  const { loader, context, watcher, parsed, failing, errors } = await loaded()
  const all = parsed.splice(0)
  failing.push(new Error('the title is too long'))
  watcher.emit('all', 'change', changed)
  await vi.waitUntil(() => errors.length > 0, { timeout: 30_000 })
  expect(errors).toEqual(['the campaigns could not be loaded again: the title is too long'])
  watcher.emit('all', 'change', changed)
  await loader.load(context)
  expect(parsed).toEqual([...all, ...all])
})

it('lets the first load fail, so that a build does', async () => {
  const { context, failing } = astro()
  failing.push(new Error('the title is too long'))
  await expect(campaigns().load(context)).rejects.toThrow('the title is too long')
})

it('watches once, however often Astro refreshes it', async () => {
  const { loader, context, watcher } = await loaded()
  await loader.load(context)
  expect(watcher.listenerCount('all')).toBe(1)
})

/** A collection of the example's campaigns, loaded for the first time. */
async function loaded() {
  const loader = campaigns()
  const handed = astro()
  await loader.load(handed.context)
  return { loader, ...handed }
}

/** What Astro hands to a loader, with a watcher and a schema that fail when they are told to. */
function astro() {
  const watcher = Object.assign(new EventEmitter(), { add: () => {} })
  const [parsed, failing, errors]: [string[], Error[], string[]] = [[], [], []]
  const parseData = async ({ id, data }: { id: string; data: unknown }) => {
    const error = failing.pop()
    if (error) throw error
    parsed.push(id)
    return data
  }
  const entries = new Map<string, unknown>()
  const store = {
    keys: () => [...entries.keys()],
    set: (entry: { id: string }) => entries.set(entry.id, entry),
    delete: (id: string) => entries.delete(id),
  }
  const logger = { warn: () => {}, error: (text: string) => errors.push(text) }
  const context = {
    collection: 'campaigns',
    store,
    logger,
    watcher,
    parseData,
    generateDigest: String,
  }
  return { context: context as unknown as LoaderContext, watcher, parsed, failing, errors }
}
