import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { signToken, type TokenPurpose } from '../../integrations/mailshot/token.ts'
import { testSecret } from '../open-test-mailshot.ts'

/** Where readers of a language are put, whose addresses end with it: `left-fr@example.org`. */
export interface Seed {
  mailshot: Mailshot
  lang: string
  /** Since when everybody is there. */
  now: number
}

/** Puts somebody on lists who has confirmed; answers their id. */
export async function addReader(
  { mailshot, lang }: Seed,
  name: string,
  lists = ['weekly'],
): Promise<number> {
  return asked(mailshot, { name, lang, lists, confirmed: true })
}

/** Puts somebody on lists who has still to confirm; answers their id. */
export function ask({ mailshot, lang }: Seed, name: string, lists: string[]): Promise<number> {
  return asked(mailshot, { name, lang, lists, confirmed: false })
}

async function asked(
  mailshot: Mailshot,
  {
    name,
    lang,
    lists,
    confirmed,
  }: { name: string; lang: string; lists: string[]; confirmed: boolean },
): Promise<number> {
  const consent = { source: confirmed ? 'command' : 'form', wording: 'Yes' } as const
  const result = await subscribe(mailshot, {
    email: `${name}-${lang}@example.org`,
    name: 'Zoë',
    lang,
    lists,
    attributes: { city: 'Lyon' },
    consent,
    confirmed,
  })
  if ('subscriberId' in result) return result.subscriberId
  throw new Error(`${name}: ${result.status}`)
}

/** Where a link with a token leads, below the base of our pages. */
export function tokenPath(purpose: TokenPurpose, ids: number[], expiresAt?: number): string {
  return `${purpose}/${signToken([testSecret], purpose, ids, expiresAt)}`
}
