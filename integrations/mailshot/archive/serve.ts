import { etagOf, hasAlready } from '../etag.ts'

export interface Served {
  text: string
  headers: Record<string, string>
  /** Whether another browser may get another language at the same address. */
  varies: boolean
}

/**
 * Answers with a text, or with 304 where the browser has it. A copy is to be asked for again each time: tomorrow its letter may
 * be hidden.
 */
export function serveFresh(request: Request, { text, headers, varies }: Served): Response {
  const etag = etagOf(text)
  const kept = {
    'cache-control': 'no-cache',
    etag,
    ...(varies && { vary: 'Accept-Language' }),
  }
  if (hasAlready(request, etag)) return new Response(null, { status: 304, headers: kept })
  return new Response(text, { headers: { ...headers, ...kept } })
}
