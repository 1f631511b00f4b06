import { sendersBy } from '../deliverability/senders.ts'
import { MailshotError } from '../error.ts'
import { parseAddress } from './arguments.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { readProject } from './project.ts'
import { transportOption, transportsThat, withEach } from './transports.ts'

export const sender = defineCommand({
  usage: ['sender register [address or domain]… [--transport NAME]'],
  takes: Infinity,
  about:
    'Registers senders at the mail provider, which refuses mails of those it does not know, and says what is left to do: a link to\n' +
    'follow, DNS records to set. Without an address it registers those of the settings, each where its mails may go by. Repeating it\n' +
    'has the provider look again. mailshot doctor says whether the sender is accepted by now.',
  options: transportOption,
  examples: [
    [
      'mailshot sender register',
      'the senders of the settings, at the providers that they are mailed by',
    ],
    ['mailshot sender register example.org', 'every address of a domain'],
    [
      'mailshot sender register news@example.org --json',
      'a line of JSON each: transport, address, left',
    ],
  ],
  run(call) {
    const [action, ...addresses] = call.positionals
    if (action !== 'register') {
      throw new MailshotError('sender: say register; see: mailshot sender --help')
    }
    return register(call, addresses.map(parseSender))
  },
})

async function register(
  { values, terminal }: Call<typeof transportOption>,
  addresses: string[],
): Promise<ExitCode> {
  const config = await readProject(values)
  const transports = transportsThat(config, {
    name: values.transport,
    can: (one) => one.registerSender !== undefined,
    lack: 'it has no senders to register; SPF and DKIM of the domain are all that it goes by',
  })
  await withEach(transports, async (transport) => {
    for (const address of addresses.length > 0 ? addresses : sendersBy(config, transport)) {
      const left = (await transport.registerSender?.(address)) ?? []
      if (terminal.json) terminal.printJson({ transport: transport.name, address, left })
      else if (left.length === 0) terminal.print(`${address}: ${transport.name} has all it needs`)
      else terminal.print([`${address}, at ${transport.name}:`, ...left].join('\n  '))
    }
  })
  return exitCodes.done
}

function parseSender(text: string): string {
  return /^(?:[\w-]+\.)+[a-z][\w-]*$/i.test(text) ? text.toLowerCase() : parseAddress(text)
}
