import { z } from 'zod'
import { type ErrorCode, MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { askElsewhere } from '../pages/elsewhere.ts'
import { readBody } from './body.ts'
import { type ApiAnswer, type ApiCall, answerCall } from './call.ts'

const short = z.string().max(200)

const schema = z.strictObject({
  email: z.string().max(320),
  lists: z.array(short).min(1).max(100),
  name: short.optional(),
  lang: short.optional(),
  attributes: z.record(short, z.union([z.string().max(500), z.number(), z.boolean()])).optional(),
  form: short,
  wording: z.string().max(5000).optional(),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  userAgent: z.string().max(1000).optional(),
})

/**
 * `POST` asks for lists on behalf of somebody who ticked a box in a form elsewhere. 202 whatever is known of the address: the answer
 * may be shown to anybody; 429 where that is too often. The token needs the scope `subscribe`, which allows nothing else.
 */
export function handleSubscribe(mailshot: Mailshot, request: Request): Promise<Response> {
  return answerCall(mailshot, request, { POST: ask, scopes: ['subscribe'] })
}

async function ask({ mailshot, request, actor }: ApiCall): Promise<ApiAnswer> {
  const asked = await askElsewhere(mailshot, { ...(await readBody({ request }, schema)), actor })
  switch (asked.status) {
    case 'asked':
      return { status: 202, body: { status: 'asked' } }
    case 'too-many':
      return tooMany(Math.ceil((asked.againAt - mailshot.now()) / 1000))
    case 'invalid': {
      const isList = asked.problems.every(({ field }) => field === 'lists')
      throw new MailshotError(asked.problems.map(({ text }) => text).join('; '), {
        code: isList ? 'unknown-list' : 'invalid',
      })
    }
  }
}

function tooMany(seconds: number): ApiAnswer {
  const message =
    'too many of late, about this address or its mail domain, from the ip that you gave, or by programs in all ' +
    `(abuse.limits in mailshot.config.ts); ask again in ${seconds} s`
  return {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    body: { error: { code: 'too-many' satisfies ErrorCode, message } },
  }
}
