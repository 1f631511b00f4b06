import { spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { groups } from '../integrations/mailshot/cli.ts'
import { openSite, runMailshot } from './run-mailshot.ts'

const bin = fileURLToPath(new URL('../integrations/mailshot/bin.mjs', import.meta.url))

describe('mailshot', () => {
  test('lists its commands by what they are about', async () => {
    const { code, out } = await runMailshot(['--help'])

    expect(code).toBe(0)
    expect(out).toContain('Campaigns\n  check          find the mistakes in campaigns')
    expect(out).toContain('People\n  import         bring subscribers in from a file')
  })

  test('says that what it printed could not be written', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [bin, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    expect(stderr).toMatch(
      /^mailshot: what was printed could not be written \(ENOSPC: .*; make room/,
    )
    expect(status).toBe(2)
  })

  test('shows the commands, and fails, when it is called without one', async () => {
    const { code, out, err } = await runMailshot([])

    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('mailshot <command> [options]')
  })

  test('gives the same help after the command, and without settings', async () => {
    const [after, before] = await Promise.all([
      runMailshot(['send', '--help'], { cwd: tmpdir() }),
      runMailshot(['help', 'send']),
    ])

    expect(after).toEqual(before)
  })

  test('names the command that was meant', async () => {
    const { code, err } = await runMailshot(['stauts'])

    expect(code).toBe(1)
    expect(err).toBe('mailshot: there is no command "stauts"; did you mean status?\n')
  })

  test('names the option that was meant', async () => {
    const { code, err } = await runMailshot(['send', 'june', '--lsit', 'weekly'])

    expect(code).toBe(1)
    expect(err).toBe('mailshot: there is no option --lsit; did you mean --list?\n')
  })

  test('says so when an option misses its value', async () => {
    const { code, err } = await runMailshot(['send', 'june', '--list'])

    expect(code).toBe(1)
    expect(err).toBe('mailshot: --list needs a value: --list ID\n')
  })

  test('says where settings are looked for when there are none', async () => {
    const { code, err } = await runMailshot(['check'], { cwd: tmpdir() })

    expect(code).toBe(1)
    expect(err).toBe(
      'mailshot: no settings found: neither here nor in a folder above is there a src/mailshot.config.ts; ' +
        'go to the project, or name the file with --config FILE\n',
    )
  })

  test('says so when the named settings do not exist', async () => {
    const { code, err } = await runMailshot(['check', '--config', 'nowhere.ts'])

    expect(code).toBe(1)
    expect(err).toBe('mailshot: --config nowhere.ts: there is no such file\n')
  })

  test('says which file is wrong when the settings cannot be read', async () => {
    const none = ['{}', 'null', '"weekly"'].map((text) => makeProject(`export default ${text}`))

    const runs = await Promise.all(none.map((cwd) => runMailshot(['check'], { cwd })))

    expect(runs).toEqual(
      none.map((project) => ({
        code: 1,
        out: '',
        err: `mailshot: ${join(project, 'mailshot.config.ts')} has to say: export default defineConfig({ … })\n`,
      })),
    )
  })

  test('names the file whose settings are wrong', async () => {
    const project = makeProject(`export { default } from ${JSON.stringify(fixtureConfig)}`)
    const other = join(project, 'staging.ts')
    const module = pathToFileURL('integrations/mailshot/config.ts').href
    const lines = [
      `import { defineConfig } from ${JSON.stringify(module)}`,
      'export default defineConfig({})',
    ]
    writeFileSync(other, lines.join('\n'))

    const { code, err } = await runMailshot(['check', '--config', other])

    expect(code).toBe(1)
    expect(err).toMatch(`mailshot: ${other}: it is wrong:\n✖`)
  })

  test('works from any folder of a project', async () => {
    const project = makeProject(`export { default } from ${JSON.stringify(fixtureConfig)}`)
    cpSync('test/fixtures/site/campaigns', join(project, 'campaigns'), { recursive: true })

    const { code, out } = await runMailshot(['check', 'fr.md'], {
      cwd: join(project, 'campaigns/2026-06-launch'),
    })

    expect(out).toBe('1 campaign checked: all is well\n')
    expect(code).toBe(0)
  })

  test('reads .env, which overrides nothing', async () => {
    const project = makeProject(`export { default } from ${JSON.stringify(fixtureConfig)}`)
    const secret = 'a-secret-from-the-file-of-at-least-32-characters'
    writeFileSync(
      join(project, '.env'),
      `MAILSHOT_SECRET=${secret}\nMAILSHOT_DATABASE_URL=file:other.db\n`,
    )

    const { out } = await runMailshot(['init', '--json'], {
      cwd: project,
      env: { MAILSHOT_DATABASE_URL: 'file:mine.db' },
    })

    expect(JSON.parse(out)).toEqual({ database: 'file:mine.db', secret: 'present', held: null })
  })

  test('keeps colours away where NO_COLOR is set or nobody looks', async () => {
    const { out } = await runMailshot(['--help'])

    expect(out).not.toContain('\u001b')
  })

  test('ends quietly when the reader of its results goes away', async () => {
    const site = openSite()
    await site.mailshot('init')
    const child = site.start('lists')
    child.stdout.destroy()

    const { code, err } = await site.ended(child)

    expect(err).toBe('')
    expect(code).toBe(0)
  })
})

describe('mailshot init', () => {
  test('creates the database, and changes nothing when it is run again', async () => {
    const site = openSite()

    const first = await site.mailshot('init')
    const second = await site.mailshot('init')

    expect(first).toMatchObject({
      code: 0,
      out: `The database is ready: ${site.env['MAILSHOT_DATABASE_URL']}\n`,
    })
    expect(first.err).toContain('Next:\n  mailshot doctor')
    expect(second).toEqual(first)
  })

  test('offers a secret where none is set', async () => {
    const site = openSite('site', { MAILSHOT_SECRET: undefined })

    const { code, err } = await site.mailshot('init')

    expect(code).toBe(0)
    expect(err).toMatch(/Put this into \.env, .*\n\n {2}MAILSHOT_SECRET=[\w-]{44}\n/)
  })

  test('shows no secret to a script, and says also when quiet that it is missing', async () => {
    const site = openSite('site', { MAILSHOT_SECRET: undefined })

    const told = [await site.mailshot('init', '--quiet'), await site.mailshot('init', '--json')]

    const missing = /^MAILSHOT_SECRET is missing: .*\nmailshot init --yes writes one into \.env\.\n/
    expect(told).toEqual([
      { code: 0, out: expect.any(String), err: expect.stringMatching(missing) },
      { code: 0, out: expect.stringContaining('"missing"'), err: expect.stringMatching(missing) },
    ])
    expect(told.map(({ err }) => err).join('')).not.toContain('MAILSHOT_SECRET=')
  })
})

describe('mailshot init --yes', () => {
  test('writes a secret into .env, beside what is there, for its owner alone', async () => {
    const project = makeProject(`export { default } from ${JSON.stringify(fixtureConfig)}`)
    writeFileSync(join(project, '.env'), 'MAILSHOT_DATABASE_URL=file:mine.db', { mode: 0o600 })

    await runMailshot(['init', '--yes'], { cwd: project })
    const again = await runMailshot(['init', '--json', '--yes'], { cwd: project })

    expect(readFileSync(join(project, '.env'), 'utf8')).toMatch(
      /^MAILSHOT_DATABASE_URL=file:mine.db\nMAILSHOT_SECRET=[\w-]{44}\n$/,
    )
    expect(JSON.parse(again.out)).toMatchObject({ secret: 'present' })
  })
})

describe('a command before init', () => {
  test('says that there is no database, and how to make one', async () => {
    const site = openSite()

    const { code, out, err } = await site.mailshot('status')

    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toBe(
      `mailshot: ${join(site.folder, 'mailshot.db')}: there is no database; create it once with "mailshot init", ` +
        'or set MAILSHOT_DATABASE_URL to the one that exists\n',
    )
  })
})

describe('groups', () => {
  test('names every command with a manual that shows how to call it, twice', async () => {
    const entries = Object.values(groups).flatMap((group) => Object.entries(group))
    const manuals = await Promise.all(
      entries.map(async ([name, entry]) => ({ name, manual: await entry.load() })),
    )

    const lacking = manuals.filter(
      ({ name, manual: { usage, about, examples } }) =>
        !usage.every((line) => line.split(' ')[0] === name) ||
        !examples.every(([line]) => line.startsWith(`mailshot ${name}`)) ||
        examples.length < 2 ||
        about.length < 60,
    )

    expect(lacking).toEqual([])
  })
})

const fixtureConfig = pathToFileURL('test/fixtures/site/mailshot.config.ts').href

function makeProject(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'campaigns'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'mailshot.config.ts'), config)
  return folder
}
