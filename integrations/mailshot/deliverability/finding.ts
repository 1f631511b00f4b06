/** What a check of doctor found. */
export interface Finding {
  check: string
  /** `unknown`: it could not be looked at, so it is neither right nor wrong. */
  state: 'ok' | 'warning' | 'problem' | 'unknown'
  /** What was found; for a problem also what to do. */
  detail: string
  /** Of a rule for bulk mail: whose it is. */
  asks?: string[]
}

export function unasked(check: string, reason: string): Finding {
  return { check, state: 'unknown', detail: `could not be looked up: ${reason}` }
}
