import { recordEvents } from './event.ts'
import type { Mailshot } from './mailshot.ts'
import { transportsOf } from './route.ts'
import type { WebhookReading } from './transport.ts'
import { genericName, hasWebhookSecret, publicWebhookUrl } from './webhook/address.ts'
import { limitRequest } from './webhook/body.ts'
import { readGenericEvents } from './webhook/generic.ts'

/** 10,000 events of a provider that says much of each, and some. */
const largestBody = 32 * 1024 * 1024
/** For who does not know the secret of the address, and has to prove by the body who they are. */
const largestUnproved = 8 * 1024 * 1024

/**
 * Answers a POST to `webhooks/<transport>/<secret>`. 200 says that its events are on disk. All that is not the provider's gets the
 * same 401, and what is malformed 400, both without a word; the log says why. 503 asks to come again.
 *
 * @param path what follows `webhooks/`
 */
export async function handleWebhook(
  mailshot: Mailshot,
  request: Request,
  path: string,
): Promise<Response> {
  const [name = '', secret = ''] = path.split('/')
  const hasSecret = hasWebhookSecret(mailshot.config, name, secret)
  const read = readerOf(mailshot, name, hasSecret)
  if (!read) return answer(401)
  const limit = hasSecret ? largestBody : largestUnproved
  // A stranger is not told by it which names are configured.
  const tooLarge = hasSecret ? 413 : 401
  if (Number(request.headers.get('content-length')) > limit) return answer(tooLarge)
  const given = limitRequest(request, publicWebhookUrl(mailshot.config, request), limit)
  try {
    const reading = await read(given.request)
    if (given.isTooLarge()) return answer(tooLarge)
    if ('refused' in reading) return refuse(mailshot, name, reading)
    const { events, batchId } = reading
    const counts = await recordEvents(mailshot, name, events, { batchId })
    mailshot.log.debug({ transport: name, ...counts }, 'events came in')
    return answer(200)
  } catch (error) {
    if (given.isTooLarge()) return answer(tooLarge)
    mailshot.log.error({ err: error, transport: name }, 'events could not be stored')
    return answer(503)
  }
}

type Reader = (request: Request) => Promise<WebhookReading>

/** Who reads what is posted under a name; undefined where nobody does. */
function readerOf({ config, now }: Mailshot, name: string, hasSecret: boolean): Reader | undefined {
  if (name === genericName) {
    return (request) => readGenericEvents(config, request, { hasSecret, now: now() })
  }
  const transport = transportsOf(config).find((one) => one.name === name && one.readEvents)
  const read = transport?.readEvents?.bind(transport)
  return read && ((request) => read(request, { hasSecret }))
}

function refuse(
  { log, now }: Mailshot,
  transport: string,
  { refused, reason }: Extract<WebhookReading, { refused: unknown }>,
): Response {
  const cause = `${transport} ${refused}`
  // Strangers may post as much as they like.
  if (now() - (toldAt.get(cause) ?? 0) > tellEveryMs) {
    toldAt.set(cause, now())
    log.warn({ transport, reason }, `a report was refused with ${refused}`)
  }
  return answer(refused)
}

const tellEveryMs = 60_000
const toldAt = new Map<string, number>()

function answer(status: number): Response {
  return new Response(null, { status, headers: status === 503 ? { 'retry-after': '30' } : {} })
}
