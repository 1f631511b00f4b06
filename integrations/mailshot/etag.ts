import { createHash } from 'node:crypto'

/** The entity tag of a text: changes with every byte of it. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
}

/** Whether who asks has this already (RFC 9110 §13.1.2): any of the tags sent along, weak ones too. */
export function hasAlready(request: Request, etag: string): boolean {
  const tags = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim())
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}
