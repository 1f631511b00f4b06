import { readBytes, readForm, type Refused } from '../../http.ts'

/** What is posted to a link to leave. */
export interface LeavePost {
  form: FormData
  /** By a mail service for its user (RFC 8058 §3.2), not by the page. */
  isOneClick: boolean
}

/**
 * Reads a form, leniently where a mail service sends it: the wish of a reader who pressed "unsubscribe" weighs more than a
 * stray space, or a line break that multipart does not allow.
 */
export async function readLeavePost(
  request: Request,
  limit = 65_536,
): Promise<LeavePost | Refused> {
  const body = await readBytes(request, limit)
  if ('refused' in body) return body
  const form = await readForm(
    new Request(request.url, { method: 'POST', headers: request.headers, body }),
  )
  if (!('refused' in form)) return { form, isOneClick: [...form].some(isOneClickField) }
  const isOneClick =
    form.refused === 400 &&
    /List-Unsubscribe[^]{0,200}?One-Click/i.test(Buffer.from(body).toString())
  return isOneClick ? { form: new FormData(), isOneClick } : form
}

function isOneClickField([name, value]: [string, FormDataEntryValue]): boolean {
  return isWord(name, 'list-unsubscribe') && isWord(value, 'one-click')
}

function isWord(text: FormDataEntryValue, word: string): boolean {
  return typeof text === 'string' && text.trim().toLowerCase() === word
}
