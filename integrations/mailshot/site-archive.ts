// `astro-mailshot/archive`: what a site's own pages show of what was sent.
import { type Letter, type LetterQuery, listLetters as list } from './archive.ts'
import { siteMailshot } from './server.ts'

export type { Letter, LetterQuery } from './archive.ts'

/** Letters of the public archive, newest first, each in the language asked for or the closest it has. */
export async function listLetters(query: LetterQuery): Promise<Letter[]> {
  return list(await siteMailshot(), query)
}
