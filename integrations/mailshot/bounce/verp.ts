import type { MailshotConfig } from '../config.ts'
import { type AddressPurpose, signToken, verifyToken } from '../token.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'

/** The mail that an envelope sender is for. */
export type BouncedMail =
  /** @property resend which of its mails; null where that is not known */
  | { kind: 'recipient'; id: number; resend: number | null }
  /** @property createdAt in ms since 1970 */
  | { kind: 'letter'; id: number; createdAt: number }

type Settings = Pick<MailshotConfig, 'bounces' | 'returnPath' | 'secrets'>
type Secrets = Pick<MailshotConfig, 'secrets'>

/**
 * The envelope sender of one mail: `bounces+<token>@…`, which nobody else can make, so that whatever comes back there is about this
 * mail. Without `bounces` in the config, the return path of all.
 */
export function bounceAddress(config: Settings, mail: BouncedMail): string {
  if (!config.bounces) return config.returnPath
  return config.bounces.address.replace('@', `+${bounceToken(config, mail)}@`)
}

/** The token in it. */
export function bounceToken({ secrets }: Secrets, mail: BouncedMail): string {
  if (mail.kind === 'letter')
    return addressToken(secrets, 'letter-bounce', [mail.id, mail.createdAt])
  return addressToken(secrets, 'bounce', [mail.id, ...(mail.resend === null ? [] : [mail.resend])])
}

/** Reads it, in whatever case it came back. */
export function readBounceToken({ secrets }: Secrets, token: string): BouncedMail | undefined {
  const recipient = idsIn(secrets, 'bounce', token)
  if (recipient) return { kind: 'recipient', id: recipient[0] ?? 0, resend: recipient[1] ?? null }
  const letter = idsIn(secrets, 'letter-bounce', token)
  return letter && { kind: 'letter', id: letter[0] ?? 0, createdAt: letter[1] ?? 0 }
}

/** Whom a mail leaves for, and which mail brought the wish. */
export interface LeaveIds {
  subscriberId: number
  recipientId: number
}

/** The address that leaves the lists of one mail when it is written to; `undefined` without `bounces` in the config. */
export function leaveAddress({ bounces, secrets }: Settings, ids: LeaveIds): string | undefined {
  if (!bounces) return undefined
  const token = addressToken(secrets, 'leave', [ids.subscriberId, ids.recipientId])
  return bounces.address.replace(/^[^@]*/, `unsubscribe+${token}`)
}

/** Reads the token of such an address. */
export function readLeaveToken({ secrets }: Secrets, token: string): LeaveIds | undefined {
  const ids = idsIn(secrets, 'leave', token)
  return ids && { subscriberId: ids[0] ?? 0, recipientId: ids[1] ?? 0 }
}

/** Of a signature in a token, as base64url. */
const macLength = 22
const macBytes = 16

/** A token of `signToken` in letters and digits of one case. Two ids of a large site make some 40 characters. */
function addressToken(secrets: readonly string[], purpose: AddressPurpose, ids: number[]): string {
  const token = signToken(secrets, purpose, ids)
  const payload = Buffer.from(token.slice(0, -macLength), 'base64url')
  const mac = Buffer.from(token.slice(-macLength), 'base64url')
  return encodeBase32(Buffer.concat([payload, mac]))
}

function idsIn(
  secrets: readonly string[],
  purpose: AddressPurpose,
  token: string,
): number[] | undefined {
  const bytes = decodeBase32(token)
  if (!bytes) return undefined
  const payload = bytes.toString('base64url', 0, bytes.length - macBytes)
  const mac = bytes.toString('base64url', bytes.length - macBytes)
  const verified = verifyToken(secrets, purpose, payload + mac, 0)
  return 'ids' in verified ? verified.ids : undefined
}
