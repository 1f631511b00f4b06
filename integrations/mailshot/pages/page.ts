import type { Texts } from '../texts.ts'

/** A page to answer with: its status, its words, and what its component shows. */
export interface Page<View> {
  status: number
  texts: Texts
  view: View
}

/**
 * Sends the browser to another page by GET, so that reloading that one posts nothing (RFC 9110 §15.4.4).
 *
 * @param path by `pagePath`: one that was asked for may name another host, as `//mailshot/…` does
 */
export function redirectTo(path: string, query: Record<string, string> = {}): Response {
  const search = new URLSearchParams(query).toString()
  const location = search === '' ? path : `${path}?${search}`
  return new Response(null, { status: 303, headers: { location } })
}
