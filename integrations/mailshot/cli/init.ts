import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { MailshotConfig } from '../config.ts'
import { openLog } from '../log.ts'
import { openMailshot } from '../mailshot.ts'
import { type Call, defineCommand, exitCodes } from './command.ts'
import { ownLetters, readProject } from './project.ts'

const options = {
  yes: { type: 'boolean', short: 'y', about: 'Write a missing secret into .env without asking.' },
  adopt: {
    type: 'boolean',
    about: "Take over another site's database (it has moved), or a backup: open sends are paused.",
  },
} as const

export const init = defineCommand({
  usage: ['init [--yes] [--adopt]'],
  takes: 0,
  about:
    'Creates the database of the settings, or brings an older one up to date; run it again at any time, nothing is lost.\n' +
    'Starting the site or a worker never creates one, so that a wrong path cannot begin an empty life unseen. Where\n' +
    'MAILSHOT_SECRET is missing (it signs the links in mails), one is made and offered for .env.',
  options,
  examples: [
    ['mailshot init', 'the first thing in a new project'],
    ['mailshot init --yes --json', 'for a script'],
  ],
  async run(call) {
    const { values, terminal } = call
    const config = await readProject(values)
    const secret = config.secrets.length > 0 ? 'present' : await offerSecret(call)
    const mailshot = await openMailshot(withSecret(config), {
      create: true,
      adopt: values.adopt === true,
      log: openLog('warn'),
      letters: await ownLetters(config),
    })
    const { held } = mailshot
    await mailshot.close()
    if (terminal.json) {
      terminal.printJson({ database: config.database, secret, held: held ?? null })
      return exitCodes.done
    }
    terminal.print(`The database is ready: ${config.database}`)
    if (held) terminal.warn(`Nothing will be sent: ${held}`)
    terminal.note(next(secret))
    return exitCodes.done
  },
})

async function offerSecret({
  values,
  terminal,
}: Call<typeof options>): Promise<'written' | 'missing'> {
  const line = `MAILSHOT_SECRET=${randomBytes(33).toString('base64url')}`
  terminal.warn(
    'MAILSHOT_SECRET is missing: it signs the links in mails, and has to stay the same.',
  )
  if (!values.yes && !(terminal.interactive && (await terminal.confirm('Write one into .env?')))) {
    // Where a program reads, the text ends in a log, which is no place for a secret.
    if (terminal.json || terminal.quiet) terminal.warn('mailshot init --yes writes one into .env.')
    else
      terminal.note(`Put this into .env, or where the server's environment is set:\n\n  ${line}\n`)
    return 'missing'
  }
  const before = existsSync('.env') ? readFileSync('.env', 'utf8') : ''
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  appendFileSync('.env', `${gap}${line}\n`, { mode: 0o600 })
  process.loadEnvFile('.env')
  if (isTracked('.env')) terminal.warn('Git does not ignore .env: add it to .gitignore')
  return 'written'
}

/** The settings were read before the secret was written. */
function withSecret(config: MailshotConfig): MailshotConfig {
  const made = process.env['MAILSHOT_SECRET']
  return config.secrets.length > 0 || !made ? config : { ...config, secrets: [made] }
}

function isTracked(file: string): boolean {
  try {
    execFileSync('git', ['rev-parse', '--is-inside-work-tree'], { stdio: 'ignore' })
  } catch {
    // No repository, or no Git: nothing can be committed by mistake.
    return false
  }
  try {
    execFileSync('git', ['check-ignore', '-q', file], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}

function next(secret: string): string {
  return [
    'Next:',
    ...(secret === 'missing' ? ['  set MAILSHOT_SECRET'] : []),
    '  mailshot doctor                      is everything in place?',
    '  mailshot import people.csv --list ID bring subscribers in',
    '  mailshot check                       are the campaigns right?',
  ].join('\n')
}
