import type { ImportRow } from '../../import.ts'
import { readExportedRow } from '../jsonl/row.ts'
import { bareFormula } from './formula.ts'

const marks = ['email', 'subscriptions', 'consents', 'former_ids']

/** Whether it is the header of `mailshot export subscribers`. */
export function isExportHeader(header: readonly string[]): boolean {
  return marks.every((mark) => header.includes(mark))
}

/** Reads one record of such a file; a text says why it cannot be one. */
export function exportedRowOf(
  values: readonly string[],
  header: readonly string[],
): ImportRow | string {
  const cells = new Map(header.map((name, index) => [name, bareFormula(values[index] ?? '')]))
  const text = (name: string) => cells.get(name) || undefined
  try {
    const json = (name: string): unknown => JSON.parse(cells.get(name) || '[]')
    const reason = text('suppressed')
    return readExportedRow({
      id: text('id') && Number(text('id')),
      email: cells.get('email'),
      name: text('name'),
      lang: text('lang'),
      timeZone: text('time_zone'),
      attributes: attributesOf(cells),
      createdAt: text('created_at'),
      pausedUntil: text('paused_until'),
      trackingAgreedAt: text('tracking_agreed_at'),
      suppressed: reason && { reason, at: text('suppressed_at'), note: text('suppression_note') },
      subscriptions: json('subscriptions'),
      consents: json('consents'),
      formerIds: json('former_ids'),
    })
  } catch {
    return 'what stands in subscriptions, consents or former_ids is no JSON; leave these columns as they were exported'
  }
}

function attributesOf(cells: ReadonlyMap<string, string>): Record<string, string> {
  const prefix = 'attributes.'
  return Object.fromEntries(
    [...cells].flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== '' ? [[name.slice(prefix.length), value]] : [],
    ),
  )
}
