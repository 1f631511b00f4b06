import { readFileSync } from 'node:fs'

/** What a provider posted: `test/fixtures/events/<transport>/<name>.json`. */
export function eventFixture(transport: string, name: string): string {
  const url = new URL(`../fixtures/events/${transport}/${name}.json`, import.meta.url)
  return readFileSync(url, 'utf8')
}
