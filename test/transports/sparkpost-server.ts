import type { ArrivedMail } from '../transport-contract.ts'
import {
  type ProviderAnswer,
  type ProviderRequest,
  type ProviderServer,
  startProviderServer,
} from './provider-server.ts'
import { refuse, render, takeTransmission, type Transmission } from './sparkpost-transmission.ts'

export interface SparkpostServerOptions {
  key?: string
  /** The sending domains that are verified; all of them unless given. */
  domains?: string[]
  /** On SparkPost's own suppression list. */
  suppressed?: string[]
}

export interface SparkpostServer extends ProviderServer {
  /** What was taken, oldest first. */
  transmissions: Transmission[]
  /** What would arrive, after SparkPost's own template language. */
  arrived(): ArrivedMail[]
  webhooks: Record<string, unknown>[]
  domains: Map<string, Record<string, unknown>>
}

/**
 * SparkPost's API as its documentation has it: wrong types, lengths, headers and keys are refused with its error bodies, fields that it
 * does not know are ignored.
 *
 * @see https://developers.sparkpost.com/api/
 */
export async function startSparkpostServer(
  options: SparkpostServerOptions = {},
): Promise<SparkpostServer> {
  const { key = 'correct-horse-battery', suppressed = [] } = options
  const transmissions: Transmission[] = []
  const webhooks: Record<string, unknown>[] = []
  const domains = new Map<string, Record<string, unknown>>()

  function answer(request: ProviderRequest): ProviderAnswer | Promise<ProviderAnswer> {
    const { authorization } = request.headers
    const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
    if (authorization !== key && authorization !== basic) return refuse(401, 'Unauthorized.')
    const [, resource = '', id, action] =
      /^\/api\/v1\/([\w-]+)(?:\/([^/]+))?(?:\/(\w+))?\/?$/.exec(request.path) ?? []
    switch (`${request.method} ${resource}`) {
      case 'POST transmissions':
        return transmit(request)
      case 'GET events':
        return findEvents(request.query)
      case 'GET webhooks':
        return ok(webhooks)
      case 'POST webhooks':
      case 'PUT webhooks':
        return saveWebhook(webhooks, request, id)
      case 'DELETE webhooks':
        webhooks.splice(0, webhooks.length, ...webhooks.filter((one) => one['id'] !== id))
        return { status: 204, body: '' }
      case 'GET sending-domains':
      case 'POST sending-domains':
        return action === 'verify' ? verifyDomain(domains, id) : domain(domains, request, id)
      default:
        return refuse(404, 'resource not found', '1600')
    }
  }

  function transmit(request: ProviderRequest): ProviderAnswer {
    if (!request.headers['content-type']?.startsWith('application/json')) {
      return refuse(415, 'Unsupported Content-Type header', '1700')
    }
    const taken = takeTransmission(request.text, options.domains)
    if ('refused' in taken) return taken.refused
    transmissions.push(taken)
    return ok({ total_rejected_recipients: 0, total_accepted_recipients: 1, id: taken.id })
  }

  /** Each transmission has an event: injected, or bounced for a suppressed address. */
  function findEvents(query: URLSearchParams): ProviderAnswer {
    const times = [query.get('from'), query.get('to')]
    if (times.some((time) => time && !/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(time))) {
      return refuse(400, 'invalid params', '1200', 'from/to must be formatted YYYY-MM-DDTHH:MM')
    }
    const wanted = query.get('recipients')?.split(',')
    const results = transmissions
      .filter(({ to }) => wanted?.includes(to) ?? true)
      .map(({ id, to, metadata }) => ({
        type: 'injection',
        transmission_id: id,
        rcpt_to: to,
        rcpt_meta: metadata,
        ...(suppressed.includes(to) && { type: 'bounce', bounce_class: '25', error_code: '554' }),
      }))
    return { status: 200, body: { results, total_count: results.length, links: [] } }
  }

  const server = await startProviderServer(answer)
  return { ...server, transmissions, webhooks, domains, arrived: () => transmissions.map(render) }
}

function ok(results: unknown): ProviderAnswer {
  return { status: 200, body: { results } }
}

/** SparkPost tries the target first, with `[{"msys":{}}]`. */
async function saveWebhook(
  webhooks: Record<string, unknown>[],
  request: ProviderRequest,
  id: string | undefined,
): Promise<ProviderAnswer> {
  const body: Record<string, unknown> = JSON.parse(request.text)
  const { name, target, events } = body
  if (typeof name !== 'string' || typeof target !== 'string' || !Array.isArray(events)) {
    return refuse(422, 'required field is missing', '1400', 'name, target and events are required')
  }
  const ping = await fetch(target, { method: 'POST', body: '[{"msys":{}}]' }).catch(() => undefined)
  if (ping?.status !== 200) {
    return refuse(400, 'POST to webhook target failed', '400', `status ${ping?.status ?? 0}`)
  }
  const known = webhooks.find((one) => one['id'] === id)
  if (known) Object.assign(known, body)
  const saved = known ?? { ...body, id: `a2b83490-10df-11e4-b670-c1ffa86371f${webhooks.length}` }
  if (!known) webhooks.push(saved)
  return ok({ id: saved['id'] })
}

const dkim = { public: 'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB', selector: 'scph0316' }

function domain(
  domains: Map<string, Record<string, unknown>>,
  request: ProviderRequest,
  id: string | undefined,
): ProviderAnswer {
  if (request.method === 'GET') {
    const found = domains.get(id ?? '')
    return found
      ? ok(found)
      : refuse(404, 'resource not found', '1600', `Domain '${id}' does not exist`)
  }
  const { domain: name }: { domain: string } = JSON.parse(request.text)
  const status = {
    ownership_verified: false,
    dkim_status: 'unverified',
    compliance_status: 'valid',
  }
  domains.set(name, { dkim, status })
  return ok({ message: 'Successfully Created domain.', domain: name, dkim })
}

function verifyDomain(
  domains: Map<string, Record<string, unknown>>,
  id: string | undefined,
): ProviderAnswer {
  const found = domains.get(id ?? '')
  if (!found) return refuse(404, 'resource not found', '1600', `Domain '${id}' does not exist`)
  return ok(found['status'])
}
