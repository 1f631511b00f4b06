import {
  createApiToken,
  listApiTokens,
  revokeApiToken,
  type TokenScope,
  tokenScopes,
} from '../api-token.ts'
import { MailshotError } from '../error.ts'
import { type Call, defineCommand, type ExitCode, exitCodes } from './command.ts'
import { formatTime, isoTime } from './format.ts'
import { actor, withMailshot } from './project.ts'
import { printList } from './table.ts'

const options = {
  scope: {
    type: 'string',
    multiple: true,
    value: 'SCOPE',
    about: `What it may do: ${tokenScopes.join(', ')}. Repeat it for several.`,
  },
} as const

export const token = defineCommand({
  usage: ['token create <name> --scope SCOPE…', 'token list', 'token revoke <id or name>'],
  takes: ([action]) => (action === 'list' ? 1 : 2),
  about:
    'Tokens let a job or another program use the HTTP API of the site. A token is shown once, when it is made: the\n' +
    'database keeps only its hash. Give each job its own, with no more scopes than it needs.',
  options,
  examples: [
    ['mailshot token create github --scope send', 'for the job that starts a send on merge'],
    ['mailshot token revoke github', 'ends it at once'],
  ],
  run(call) {
    const [action, name] = call.positionals
    if (action === 'list') return list(call)
    if (action !== 'create' && action !== 'revoke') {
      throw new MailshotError('token: say create, list or revoke; see: mailshot token --help')
    }
    if (!name) throw new MailshotError(`token ${action}: its name is missing`)
    return action === 'create' ? create(call, name) : revoke(call, name)
  },
})

type TokenCall = Call<typeof options>

async function create({ values, terminal }: TokenCall, name: string): Promise<ExitCode> {
  const scopes = (values.scope ?? []).flatMap((text) => text.split(',')).map(parseScope)
  if (scopes.length === 0) {
    throw new MailshotError(`token create: --scope is missing (one of ${tokenScopes.join(', ')})`)
  }
  return await withMailshot(values, async (mailshot) => {
    const made = await createApiToken(mailshot, { name, scopes, actor: actor() })
    if (terminal.json) {
      terminal.printJson({ id: made.id, name: made.name, scopes: made.scopes, token: made.token })
    } else {
      terminal.print(made.token)
      terminal.note('Keep it now: it is not stored, and will not be shown again.')
    }
    return exitCodes.done
  })
}

async function list({ values, terminal }: TokenCall): Promise<ExitCode> {
  return await withMailshot(values, async (mailshot) => {
    const { timeZone } = mailshot.config
    printList(terminal, await listApiTokens(mailshot), {
      heading: ['id', 'name', 'scopes', 'created', 'revoked'],
      cells: (one) => [
        one.id,
        one.name,
        one.scopes.join(', '),
        formatTime(one.createdAt, timeZone),
        formatTime(one.revokedAt, timeZone),
      ],
      json: (one) => ({
        ...one,
        createdAt: isoTime(one.createdAt),
        revokedAt: isoTime(one.revokedAt),
      }),
      empty: 'There is no token yet.',
    })
    return exitCodes.done
  })
}

async function revoke({ values, terminal }: TokenCall, name: string): Promise<ExitCode> {
  return await withMailshot(values, async (mailshot) => {
    const revoked = await revokeApiToken(mailshot, name, actor())
    if (terminal.json) terminal.printJson({ id: revoked?.id ?? null, revoked: Boolean(revoked) })
    else terminal.print(revoked ? `revoked ${revoked.name}` : `${name} was revoked before`)
    return exitCodes.done
  })
}

function parseScope(text: string): TokenScope {
  const scope = tokenScopes.find((known) => known === text.trim())
  if (scope) return scope
  throw new MailshotError(`--scope ${text}: there is no such scope (${tokenScopes.join(', ')})`)
}
