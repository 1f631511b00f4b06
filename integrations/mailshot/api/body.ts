import { z } from 'zod'
import { MailshotError } from '../error.ts'
import { readJson } from '../http.ts'
import { type ApiCall, unreadable } from './call.ts'

const limit = 512 * 1024

/**
 * Reads what a request asks for.
 *
 * @throws MailshotError when it is no JSON, too large, or not what this takes
 */
export async function readBody<Body>(
  { request }: Pick<ApiCall, 'request'>,
  schema: z.ZodType<Body>,
): Promise<Body> {
  const read = await readJson(request, limit)
  if ('refused' in read) throw unreadable(read, '512 KB')
  const result = schema.safeParse(read.json)
  if (result.success) return result.data
  throw new MailshotError(`the body is not what this takes:\n${z.prettifyError(result.error)}`, {
    code: 'invalid',
  })
}
