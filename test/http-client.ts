import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { DomUtils, parseDocument } from 'htmlparser2'
import { testCa } from './smtp-server.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Where it was asked for. */
  url: string
}

export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST'
  headers?: Record<string, string>
  body?: string
}

/** One request, also to a server with the tests' certificate; redirects are not followed. */
export async function ask(url: string, options: HttpRequest = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  const request = url.startsWith('https:')
    ? requestTls(url, { method, headers, ca: testCa, agent: false })
    : requestPlain(url, { method, headers, agent: false })
  request.end(body)
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (!response) throw new Error('no response')
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: await text(response),
    url,
  }
}

/** Presses a button of a page as a browser does: its form's fields, filled in as given, from the page's own origin. */
export async function press(
  page: Answer,
  button: string,
  filledIn: Record<string, string> = {},
): Promise<Answer> {
  const { action, fields } = formOf(page, button)
  const body = new URLSearchParams(fields.filter(([name]) => !Object.hasOwn(filledIn, name)))
  for (const [name, value] of Object.entries(filledIn)) body.append(name, value)
  const posted = await ask(new URL(action, page.url).href, {
    method: 'POST',
    headers: {
      origin: new URL(page.url).origin,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: body.toString(),
  })
  const { location } = posted.headers
  return location === undefined ? posted : ask(new URL(location, posted.url).href)
}

function formOf({ text: html, url }: Answer, button: string) {
  const document = parseDocument(html)
  const byTag = (name: string, within: typeof document.children) =>
    DomUtils.getElementsByTagName(name, within, true)
  const form = byTag('form', document.children).find((one) =>
    byTag('button', one.children).some((each) => DomUtils.textContent(each).includes(button)),
  )
  if (!form) throw new Error(`there is no button "${button}" at ${url}:\n${html}`)
  const pressed = byTag('button', form.children).find((one) =>
    DomUtils.textContent(one).includes(button),
  )
  const inputs = byTag('input', form.children).filter(
    ({ attribs }) => attribs['type'] !== 'checkbox' || 'checked' in attribs,
  )
  const named = [...inputs, ...(pressed ? [pressed] : [])].filter(({ attribs }) => attribs['name'])
  return {
    action: pressed?.attribs['formaction'] ?? form.attribs['action'] ?? url,
    fields: named.map(({ attribs }): [string, string] => [
      attribs['name'] ?? '',
      attribs['value'] ?? 'on',
    ]),
  }
}
