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
  { route, site }: { route: SiteRoute | undefined; site: string },
): Response | undefined {
  if (route && !isAllowed(request.method, route)) return methodNotAllowed(route)
  if (route?.kind === 'machine' || !isFormPost(request)) return undefined
  const origin = request.headers.get('origin')
  if (origin === ownOrigin || origin === new URL(site).origin) return undefined
  const text =
    `This form was not sent from ${new URL(site).origin}, so nothing was changed. ` +
    'Open the page there, and send it again.\n'
  return new Response(text, { status: 403, headers: plainText })
}

/** Gives an answer of ours the headers that keep it, and the secret in its address, where they belong. */
export function protectResponse(response: Response, route: SiteRoute): Response {
  const wanted = headersFor(response, route)
  try {
    fill(response.headers, wanted)
    return response
  } catch {
    // The headers of some responses cannot be changed (a redirect made by the platform).
    const copy = new Response(response.body, response)
    fill(copy.headers, wanted)
    return copy
  }
}

const plainText = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
const safeMethods = ['GET', 'HEAD', 'OPTIONS']
const formTypes = /application\/x-www-form-urlencoded|multipart\/form-data|text\/plain/i

/** Without a content type, a form of another site could still be behind it. */
function isFormPost({ method, headers }: Request): boolean {
  if (safeMethods.includes(method)) return false
  const type = headers.get('content-type')
  return type === null || formTypes.test(type)
}

function isAllowed(method: string, { methods }: SiteRoute): boolean {
  return methods.some((one) => one === (method === 'HEAD' ? 'GET' : method))
}

function methodNotAllowed({ methods }: SiteRoute): Response {
  const allow = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ')
  const text = `This address answers ${allow} only.\n`
  return new Response(text, { status: 405, headers: { ...plainText, allow } })
}

function headersFor(response: Response, route: SiteRoute): Record<string, string> {
  const isPage = /text\/html/.test(response.headers.get('content-type') ?? '')
  const isSecret = route.kind === 'token' || route.file === 'unsubscribe.astro'
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // With no-referrer a browser would post our forms with "Origin: null".
    'referrer-policy': 'same-origin',
    ...(isPage && { 'content-security-policy': "frame-ancestors 'self'" }),
    ...((isSecret || route.kind === 'preview') && { 'x-robots-tag': 'noindex' }),
  }
}

function fill(headers: Headers, wanted: Record<string, string>): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}
