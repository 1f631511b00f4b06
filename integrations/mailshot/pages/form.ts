import type { Refused } from '../http.ts'

/** One field of a form as text; empty when it is missing, or a file. */
export function fieldOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** All values of a field that may stand in a form several times. */
export function fieldsOf(form: FormData, name: string): string[] {
  return form.getAll(name).filter((value) => typeof value === 'string')
}

/** The answer to a body that is no form of ours; no browser sends one. */
export function refusedForm({ refused }: Refused): Response {
  const text =
    'This is not a form of this page, so nothing was changed. Open the page, and use its button.\n'
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return new Response(text, { status: refused, headers })
}
