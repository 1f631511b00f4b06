import { MailshotError } from '../error.ts'
import { answerError } from './call.ts'

/** Answers for an address below `api/` that does nothing, as the others answer. */
export function handleUnknown(request: Request): Response {
  const { pathname } = new URL(request.url)
  return answerError(
    request,
    new MailshotError(`there is nothing at ${pathname}; the API is at api/sends`, {
      code: 'not-found',
    }),
  )
}
