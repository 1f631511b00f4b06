import { answerWrongMethod } from './api/call.ts'
import type { MailshotConfig } from './config.ts'
import { refusalPage } from './pages/refusal.ts'
import type { SiteRoute } from './routes.ts'

/**
 * Refuses what no handler needs to see: a form that another site posts, and on our routes a method they do not have. The
 * test of the Origin is Astro's own, whose built-in one knows neither mail services nor the public address behind a proxy.
 *
 * @param ownOrigin what the server believes its own address to be
 * @returns the answer, or undefined where the request may go on
 */
export function guardRequest(
  request: Request,
  ownOrigin: string,
  { route, config }: { route: SiteRoute | undefined; config: MailshotConfig },
): Response | undefined {
  if (route && !isAllowed(request.method, route)) return methodNotAllowed(config, request, route)
  if (route?.kind === 'machine' || !isFormPost(request)) return undefined
  const origin = request.headers.get('origin')
  if (origin === ownOrigin || origin === new URL(config.site).origin) return undefined
  if (isHidden(origin, request)) return undefined
  if (route?.file === 'subscribe.astro' && isWelcome(origin, config)) return undefined
  return refusalPage(config, request, { status: 403 })
}

/** Gives an answer of ours the headers that keep it, and the secret in its address, where they belong. */
export function protectResponse(response: Response, route: SiteRoute): Response {
  try {
    protect(response.headers, route)
    return response
  } catch {
    // The headers of some responses cannot be changed (a redirect made by the platform).
    const copy = new Response(response.body, response)
    protect(copy.headers, route)
    return copy
  }
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']
const formTypes = /application\/x-www-form-urlencoded|multipart\/form-data|text\/plain/i

/** Without a content type, a form of another site could still be behind it. */
function isFormPost({ method, headers }: Request): boolean {
  if (safeMethods.includes(method)) return false
  const type = headers.get('content-type')
  return type === null || formTypes.test(type)
}

/**
 * Whether a page of this site keeps its origin to itself (`Referrer-Policy: no-referrer` makes it `null` in a form). The other field is one
 * that no page can set (Fetch Metadata, W3C).
 */
function isHidden(origin: string | null, { headers }: Request): boolean {
  return origin === 'null' && headers.get('sec-fetch-site') === 'same-origin'
}

/** Whether the site lets forms stand there: what they can ask for still waits for a confirmation. */
function isWelcome(origin: string | null, { signUp }: MailshotConfig): boolean {
  return origin !== null && signUp.origins.includes(origin)
}

function isAllowed(method: string, { methods }: SiteRoute): boolean {
  return methods.some((one) => one === (method === 'HEAD' ? 'GET' : method))
}

function methodNotAllowed(
  config: MailshotConfig,
  request: Request,
  { methods, file }: SiteRoute,
): Response {
  const allow = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ')
  if (file.startsWith('api/')) return answerWrongMethod(request, allow)
  return refusalPage(config, request, { status: 405, headers: { allow } })
}

function protect(headers: Headers, route: SiteRoute): void {
  for (const [name, value] of Object.entries(headersFor(route))) {
    if (!headers.has(name)) headers.set(name, value)
  }
  if (!/text\/html/.test(headers.get('content-type') ?? '')) return
  const policy = headers.get('content-security-policy') ?? ''
  // Beside a policy of the site's own: a browser holds to both.
  if (!policy.includes('frame-ancestors')) {
    headers.append('content-security-policy', "frame-ancestors 'self'")
  }
}

function headersFor(route: SiteRoute): Record<string, string> {
  const isSecret = route.kind === 'token' || /^(?:unsubscribe|former)\.astro$/.test(route.file)
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // No address with a token to anybody, the site's own logs included; with no-referrer a browser would post our forms
    // with "Origin: null".
    'referrer-policy': 'strict-origin',
    ...((isSecret || route.kind === 'preview') && { 'x-robots-tag': 'noindex' }),
  }
}
