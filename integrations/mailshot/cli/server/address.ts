import type { TokenScope } from '../../api-token.ts'
import { MailshotError } from '../../error.ts'

/**
 * The address of a running site, without a slash at its end.
 *
 * @throws MailshotError when it is none, or is one that a token would travel to in clear
 */
export function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new MailshotError(
      `--server ${text}: that is no address; write it like https://example.org`,
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new MailshotError(
      `--server: write the site's address alone, ${url.origin}${url.pathname}; the token comes from MAILSHOT_TOKEN`,
    )
  }
  if (url.protocol === 'https:' || isThisMachine(url.hostname)) {
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  }
  throw new MailshotError(
    `--server ${text}: the token would travel in clear; write https://${url.host}`,
  )
}

/** @throws MailshotError when there is none, or it was damaged on its way; it is never repeated */
export function parseToken(text: string | undefined, scope: TokenScope = 'send'): string {
  const token = text?.trim() ?? ''
  if (/^mailshot_[\w-]+$/.test(token)) return token
  const what = token === '' ? 'it is not set' : 'it is no token, which begins with mailshot_'
  throw new MailshotError(
    `MAILSHOT_TOKEN: ${what}; make one where the site runs (mailshot token create ci --scope ${scope}), ` +
      'and hand it over as a secret of the job',
  )
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
