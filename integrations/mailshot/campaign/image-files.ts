import { join, relative } from 'node:path'
import { findInMarkdown, findInMarkup } from '../compile/findings.ts'
import { readBytes } from './files.ts'

/** The bytes of the images that a source refers to, by the reference as it is written there. */
export type CampaignImages = Record<string, Uint8Array>

/**
 * Reads the images beside a campaign that its source refers to. A reference that leads out of the folder, or to
 * nothing, is left out: compiling reports it where it stands.
 */
export async function readImages(folder: string, source: string): Promise<CampaignImages> {
  const images: CampaignImages = {}
  for (const reference of new Set(references(source))) {
    const path = pathOf(reference)
    if (isExternal(reference) || path === undefined || leadsOut(path)) continue
    const bytes = await readBytes(join(folder, path))
    if (bytes) images[reference] = bytes
  }
  return images
}

/** Whether a reference names a place on the web, or holds a merge field, rather than a file. */
function isExternal(reference: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(reference) || reference.includes('{{')
}

const places = [
  /!\[[^\]]*\]\(\s*<([^>\n]+)>/g,
  /!\[[^\]]*\]\(\s*([^\s)<>]+)/g,
  /^\s*\[[^\]]+\]:\s*<?([^\s>]+)/gm,
  /(?:src|background|(?:background|icon-(?:un)?wrapped)-url)\s*=\s*"([^"]+)"/gi,
  /(?:src|background|(?:background|icon-(?:un)?wrapped)-url)\s*=\s*'([^']+)'/gi,
]

/** As the parsers read them; by the patterns also those that a condition cuts in pieces. */
function references(source: string): string[] {
  const place = () => ({ file: '', line: 1 })
  const findings = [...findInMarkdown(source, place), ...findInMarkup(source, place)]
  return [
    ...findings.flatMap((one) => ('src' in one ? [one.src] : [])),
    ...places.flatMap((one) => Array.from(source.matchAll(one), (match) => match[1] ?? '')),
  ]
}

function pathOf(reference: string): string | undefined {
  try {
    return decodeURIComponent(reference)
  } catch {
    return undefined
  }
}

function leadsOut(path: string): boolean {
  return relative('.', path).startsWith('..')
}
