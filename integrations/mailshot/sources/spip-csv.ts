import { basename } from 'node:path'
import type { ImportRow, ImportSource } from '../import.ts'
import { type Fields, systemCsv } from './csv/system.ts'
import { langOf } from './spip/lang.ts'
import { timeReader } from './tables/time.ts'

/**
 * The CSV export of SPIP's plugin Mailsubscribers: `email,nom,lang,date,statut,listes`. Who never confirmed anything (`prepa`), or is in
 * the trash, is left out; who left (`refuse`) has left all lists that are named, and is suppressed.
 *
 * @param input a path, or the bytes of a file
 * @param options the zone of the dates, which say none; UTC unless told
 */
export function spipCsv(
  input: string | AsyncIterable<Uint8Array>,
  {
    timeZone = 'UTC',
    name = typeof input === 'string' ? basename(input) : 'CSV',
    encoding,
  }: { timeZone?: string; name?: string; encoding?: string | undefined } = {},
): ImportSource {
  const timeOf = timeReader(timeZone)
  return systemCsv(input, {
    name,
    encoding,
    needs: ['email', 'statut'],
    rowOf: (fields) => rowOf(fields, { name, timeOf }),
  })
}

const statuses = new Map([
  ['valide', 'active'],
  ['prop', 'pending'],
  ['refuse', 'unsubscribed'],
] as const)

function rowOf(
  fields: Fields,
  { name, timeOf }: { name: string; timeOf: ReturnType<typeof timeReader> },
): ImportRow | string | undefined {
  const word = fields.get('statut') ?? ''
  if (word === 'prepa' || word === 'poubelle') return undefined
  const status = [...statuses].find(([spip]) => spip === word)?.[1]
  if (status === undefined) return `statut "${word}" is none of SPIP's`
  const at = timeOf(fields.get('date'))
  const lists = (fields.get('listes') ?? '').split(',').map((list) => list.trim())
  return {
    email: fields.get('email') ?? '',
    name: [fields.get('prenom'), fields.get('nom')].filter(Boolean).join(' '),
    lang: langOf(fields.get('lang')),
    lists: lists.map((list) => list.replace(/^newsletter::/, '')).filter(Boolean),
    status,
    ...(at !== undefined && { consentAt: at, ...(status === 'active' && { confirmedAt: at }) }),
    ...(status === 'unsubscribed' && {
      suppressed: 'unsubscribe',
      suppressionNote: `left everything, as ${name} says`,
    }),
  }
}
