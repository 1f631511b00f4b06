import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:https'
import { pipeline } from 'node:stream'
import { onTestFinished } from 'vitest'

const file = (name: string) => readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url))

/**
 * What stands before a site on most servers: it ends TLS, and hands each request on in plain HTTP with the Host that the
 * visitor asked for. The site is told no more than that.
 */
export async function startTlsProxy(): Promise<{ url: string; forwardTo: (port: number) => void }> {
  let target: number | undefined
  const server = createServer({
    cert: file('test-only-server.pem'),
    key: file('test-only-server-key.pem'),
  })
  server.on('request', (outer, response) => {
    const { method, url: path, headers } = outer
    const inner = request({ host: '127.0.0.1', port: target, method, path, headers })
    pipeline(outer, inner, () => undefined)
    inner.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      pipeline(answer, response, () => undefined)
    })
    inner.on('error', () => response.destroy())
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `https://localhost:${address.port}`, forwardTo: (port) => (target = port) }
}
