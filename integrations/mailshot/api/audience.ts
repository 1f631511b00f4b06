import { z } from 'zod'
import { MailshotError } from '../error.ts'
import { readJson } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'
import { countAudience } from '../send.ts'
import { time } from './start-request.ts'
import { type ApiAnswer, type ApiCall, answerCall, unreadable } from './call.ts'

/** What `POST api/audience` takes: whom a send would go to. */
export type AudienceBody = z.input<typeof schema>

const schema = z.strictObject({
  /** Of the campaign: who got it already is not counted, unless the audience is `all`. */
  slug: z.string().max(200),
  hash: z.string().max(100),
  lists: z.array(z.string()),
  segment: z.string().optional(),
  exclude: z.array(z.string()).optional(),
  audience: z.enum(['first', 'again', 'all']).optional(),
  /** When it is to start; by default now. */
  at: time.optional(),
})

const bodyLimit = 64 * 1024

/**
 * `POST` counts whom a send would mail, who of them takes a break, and how many its lists reach. A condition can be about one person, so
 * the token needs the scope `send` or `people`.
 */
export function handleAudience(mailshot: Mailshot, request: Request): Promise<Response> {
  return answerCall(mailshot, request, { POST: count, scopes: ['people', 'send'] })
}

async function count({ mailshot, request }: ApiCall): Promise<ApiAnswer> {
  const body = await readJson(request, bodyLimit)
  if ('refused' in body) throw unreadable(body, '64 KB, the limit for a selection')
  const result = schema.safeParse(body.json)
  if (!result.success) {
    throw new MailshotError(
      `the body is not what a count takes: ${z.prettifyError(result.error)}`,
      { code: 'invalid' },
    )
  }
  const { readers, paused, of } = await countAudience(mailshot, result.data)
  return { body: { readers, paused, of } }
}
