import { siteRoutes } from './routes.ts'

/**
 * The address of a request as a route can take it, where mail services have cut a link or written characters of their own into it: so that
 * its reader meets a page of ours, which explains a token that cannot be read. Any other address stays as it is.
 *
 * @param url path and query, as Node's server has them
 */
export function repairedUrl(url: string): string {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(decodable(url)) ?? []
  // Where the page is plain to see, an encoded slash is part of what stands in the token's place.
  const plain = tokenPage.test(path) ? path : path.replace(/%(?:25)*2f/gi, '/')
  return tokenPage.test(plain) ? plain.replace(/%(?:25)*0[ad]/gi, '') + query : path + query
}

/** The part of a path that leads to a page behind a link in a mail. */
const tokenPage = new RegExp(
  `/(?:${siteRoutes.flatMap(({ pattern }) => /^\/([\w-]+)\/\[\.{3}token\]$/.exec(pattern)?.[1] ?? []).join('|')})/`,
)

function decodable(url: string): string {
  try {
    // The result is used, or the bundler would take the call for one without effect.
    return decodeURI(url) === '' ? '/' : url
  } catch {
    return url.replace(/%(?![0-7][0-9a-f])[0-9a-f]{0,2}/gi, '')
  }
}
