// A drop sink with TLS where told to: node node-sink.ts [KEY CERTIFICATE]. It prints its port, and at SIGTERM how many messages came.
// Both kinds run the same code, so that only the encryption differs between them.
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const [key, certificate] = process.argv.slice(2)
const server =
  key === undefined || certificate === undefined
    ? createServer(greet)
    : createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, greet)
let messages = 0

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
process.on('SIGTERM', () => {
  console.log(messages)
  process.exit(0)
})

function greet(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.write('220 sink ESMTP\r\n')
  let isBody = false
  // What may be the beginning of the end of a body, or an unfinished command.
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    let replies = ''
    while (at < bytes.length) {
      if (isBody) {
        const end = bytes.indexOf('\r\n.\r\n', at, 'latin1')
        if (end < 0) {
          at = Math.max(at, bytes.length - 4)
          break
        }
        at = end + 5
        isBody = false
        messages += 1
        replies += '250 2.0.0 Ok: queued as SINK\r\n'
      } else {
        const end = bytes.indexOf('\n', at, 'latin1')
        if (end < 0) break
        const command = bytes.toString('latin1', at, at + 4).toUpperCase()
        at = end + 1
        isBody = command === 'DATA'
        replies += replyTo(command)
        if (command === 'QUIT') socket.end()
      }
    }
    rest = Buffer.from(bytes.subarray(at))
    if (replies !== '' && socket.writable) socket.write(replies)
  })
}

function replyTo(command: string): string {
  if (command === 'EHLO') return '250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n'
  if (command === 'DATA') return '354 go ahead\r\n'
  return command === 'QUIT' ? '221 2.0.0 bye\r\n' : '250 2.1.0 Ok\r\n'
}
