// A stand-in for Mailjet that checks each message as the tests' does, over TLS where told to: node mailjet-server.ts [KEY
// CERTIFICATE]. It prints its port, and at SIGTERM how many messages it took, and to how many addresses.
import { readFileSync } from 'node:fs'
import { startMailjetServer } from '../test/transports/mailjet-server.ts'

const [key, certificate] = process.argv.slice(2)
const addresses = new Set<string>()
let messages = 0

const { port } = await startMailjetServer({
  ...(key !== undefined &&
    certificate !== undefined && {
      tls: { key: readFileSync(key), cert: readFileSync(certificate) },
    }),
  onSent({ message }) {
    messages += 1
    addresses.add(JSON.stringify(message['To']))
  },
})
console.log(port)
process.on('SIGTERM', () => {
  console.log(messages, addresses.size)
  process.exit(0)
})
