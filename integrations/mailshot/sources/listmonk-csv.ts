import { basename } from 'node:path'
import type { ImportRow, ImportSource } from '../import.ts'
import { type Fields, systemCsv } from './csv/system.ts'
import { readAttributes } from './listmonk/attributes.ts'
import { zonedTime } from './tables/zoned-time.ts'

/**
 * The CSV export of listmonk's subscribers: `uuid,email,name,attributes,status,created_at,updated_at`. It names no lists, so the import
 * does, and it does not say who left them: export one list at a time, and only who is subscribed; or import a dump.
 *
 * @param input a path, or the bytes of a file
 */
export function listmonkCsv(
  input: string | AsyncIterable<Uint8Array>,
  {
    name = typeof input === 'string' ? basename(input) : 'CSV',
    encoding,
  }: { name?: string; encoding?: string | undefined } = {},
): ImportSource {
  return systemCsv(input, {
    name,
    encoding,
    needs: ['uuid', 'email', 'status'],
    rowOf: (fields) => rowOf(fields, name),
  })
}

function rowOf(fields: Fields, file: string): ImportRow | string {
  const value = (column: string) => fields.get(column) ?? ''
  const status = value('status')
  if (!/^(?:enabled|disabled|blocklisted|blacklisted)$/.test(status)) {
    return `status "${status}" is none of listmonk's`
  }
  const at = zonedTime(value('created_at'))
  const isOut = status !== 'enabled'
  return {
    email: value('email'),
    name: value('name'),
    ...readAttributes(value('attributes')),
    status: isOut ? 'unsubscribed' : 'active',
    ...(at !== undefined && { createdAt: at, ...(!isOut && { confirmedAt: at }) }),
    ...(isOut && {
      suppressed: status === 'disabled' ? 'manual' : 'unsubscribe',
      suppressionNote: `${status}, as ${file} says`,
    }),
    formerIds: [{ source: 'listmonk', id: value('uuid') }],
  }
}
