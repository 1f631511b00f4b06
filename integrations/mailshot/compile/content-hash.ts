import { createHash } from 'node:crypto'
import type { Mailbox } from '../transport.ts'
import type { CompiledCampaign, CompiledVariant } from '../compile.ts'

/** The digest of everything that is mailed: two campaigns with the same one are the same mail. */
export function contentHash(content: {
  variants: Record<string, CompiledVariant>
  from: Mailbox | null
  replyTo: Mailbox | null
  track: { opens: boolean; clicks: boolean }
}): string {
  return digest(content)
}

/**
 * The digest of all that a send freezes: what is mailed, as which campaign, and what the archive shows of it. When it is sent,
 * and until when, is the send's own.
 */
export function snapshotHash({ send: _send, until: _until, ...frozen }: CompiledCampaign): string {
  return digest(frozen)
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

/** JSON with its keys in one order, whatever order they were made in. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}
