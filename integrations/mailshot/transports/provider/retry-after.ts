const longestSeconds = 86_400

/** What a `Retry-After` asks to wait, in whole seconds and a day at most: RFC 9110 §10.2.3, seconds or a date. Undefined for all else. */
export function retryAfterOf(header: unknown): number | undefined {
  if (typeof header !== 'string') return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  if (!Number.isFinite(seconds)) return undefined
  return Math.min(Math.max(0, Math.ceil(seconds)), longestSeconds)
}
