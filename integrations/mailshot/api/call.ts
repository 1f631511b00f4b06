import { type ApiToken, findApiToken, type TokenScope } from '../api-token.ts'
import { type ErrorCode, MailshotError } from '../error.ts'
import type { Refused } from '../http.ts'
import type { Mailshot } from '../mailshot.ts'

/** A request whose token has been checked. */
export interface ApiCall {
  mailshot: Mailshot
  request: Request
  /** Who asks, for the audit. */
  actor: string
}

export interface ApiAnswer {
  status?: number
  headers?: Record<string, string>
  body: Record<string, unknown>
}

/** A Response is answered as it is. */
type Answering = (call: ApiCall) => Promise<ApiAnswer | Response>

/**
 * Answers a request to the API as JSON: checks the method and the bearer token, and calls what answers the method. What
 * is wrong with the request is answered as `{ error: { code, message } }`, and so is a fault of ours, whose cause is in the
 * log alone. One of `scopes` is needed: by default `read` or `send` to look, `send` for all else. While the database may not send, every answer says so as `held`.
 */
export async function answerCall(
  mailshot: Mailshot,
  request: Request,
  methods: { GET?: Answering; POST?: Answering; scopes?: readonly TokenScope[] },
): Promise<Response> {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const answering = isRead ? methods.GET : request.method === 'POST' ? methods.POST : undefined
  try {
    if (!answering) return answerWrongMethod(request, allowed(methods))
    const scopes = methods.scopes ?? (isRead ? ['read', 'send'] : ['send'])
    const token = await authorize(mailshot, request, scopes)
    const answer = await answering({ mailshot, request, actor: `api:${token.name}` })
    if (answer instanceof Response) return answer
    const { status = 200, headers, body } = answer
    const held = mailshot.held === undefined ? {} : { held: mailshot.held }
    return json(request, status, { ...body, ...held }, headers)
  } catch (error) {
    return answerError(request, known(mailshot, error))
  }
}

/** Answers with what is wrong with a request. */
export function answerError(
  request: Request,
  { code = 'invalid', message }: MailshotError,
  headers: Record<string, string> = {},
): Response {
  const body = { error: { code, message } }
  return json(request, statuses[code], body, { ...challenges[code], ...headers })
}

/** Answers to a method that an address does not have; `allow` are those it has, `GET, HEAD`. */
export function answerWrongMethod(request: Request, allow: string): Response {
  const text = `${request.method} does nothing at this address; use ${allow}`
  return answerError(request, new MailshotError(text, { code: 'wrong-method' }), { allow })
}

/** What may be told of an error: of one that nobody foresaw, nothing, since it may quote what is secret. */
function known(mailshot: Mailshot, error: unknown): MailshotError {
  if (error instanceof MailshotError) return error
  mailshot.log.error({ err: error }, 'the API could not answer')
  const message = 'the site could not answer because of a fault of its own; its log says why'
  return new MailshotError(message, { code: 'internal', cause: error })
}

/** The refusal of a body that could not be read. */
export function unreadable({ refused }: Refused, limit: string): MailshotError {
  switch (refused) {
    case 400:
      return new MailshotError('the body is not JSON in UTF-8, or broke off; send it again whole', {
        code: 'malformed',
      })
    case 413:
      return new MailshotError(`the body is larger than ${limit}; make it smaller`, {
        code: 'too-large',
      })
    case 415:
      return new MailshotError('the body must be JSON: send Content-Type: application/json', {
        code: 'wrong-type',
      })
  }
}

const statuses: Record<ErrorCode, number> = {
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'wrong-method': 405,
  'wrong-type': 415,
  'too-large': 413,
  malformed: 400,
  invalid: 422,
  'too-many': 429,
  'wrong-site': 422,
  'unknown-list': 422,
  'unknown-transport': 422,
  'no-list': 422,
  'no-reader': 422,
  'no-secret': 500,
  'no-send': 404,
  'sent-before': 409,
  'send-open': 409,
  'send-started': 409,
  'send-ended': 409,
  'no-recipient': 422,
  'wrong-status': 409,
  internal: 500,
}

// RFC 6750 §3.
const challenges: Partial<Record<ErrorCode, Record<string, string>>> = {
  unauthorized: { 'www-authenticate': 'Bearer realm="mailshot"' },
  forbidden: { 'www-authenticate': 'Bearer realm="mailshot", error="insufficient_scope"' },
}

async function authorize(
  mailshot: Mailshot,
  request: Request,
  scopes: readonly TokenScope[],
): Promise<ApiToken> {
  const header = request.headers.get('authorization') ?? ''
  const [, given] = /^Bearer +(mailshot_[\w-]+) *$/i.exec(header) ?? []
  const token = given === undefined ? undefined : await findApiToken(mailshot, given)
  if (!token) throw unauthorized(header)
  if (scopes.some((scope) => token.scopes.includes(scope))) return token
  const needed = scopes.map((scope) => `"${scope}"`).join(' or ')
  throw new MailshotError(
    `token ${token.name} may not do this: it needs the scope ${needed}; ` +
      `make another: mailshot token create <name> --scope ${scopes.at(-1)}`,
    { code: 'forbidden' },
  )
}

/** The token itself is never repeated: answers end up in logs. */
function unauthorized(header: string): MailshotError {
  const what =
    header === ''
      ? 'the token is missing: send Authorization: Bearer mailshot_…'
      : 'the token is not valid: it is mistyped, was revoked, or belongs to another database'
  return new MailshotError(`${what}; make one with: mailshot token create <name> --scope send`, {
    code: 'unauthorized',
  })
}

function allowed({ GET, POST }: { GET?: unknown; POST?: unknown }): string {
  return [...(GET ? ['GET', 'HEAD'] : []), ...(POST ? ['POST'] : [])].join(', ')
}

function json(
  request: Request,
  status: number,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Response {
  const text = request.method === 'HEAD' ? null : `${JSON.stringify(body)}\n`
  return new Response(text, {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
  })
}
