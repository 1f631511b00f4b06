import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { send } from '../../integrations/mailshot/cli/send.ts'
import { listSends } from '../../integrations/mailshot/send.ts'
import { apiClient, startApiServer } from '../api-server.ts'
import { recordingTerminal } from '../cli/recording-terminal.ts'
import { openTestMailshot, testSecret } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { gitEnv, openTestRepository } from '../repository.ts'
import { runMailshot } from '../run-mailshot.ts'
import { dated, onMerge } from './changed-site.ts'

describe('mailshot send --changed --server', () => {
  test('is what a job runs after a merge, anywhere in the checkout', async () => {
    const { job, first, commit, mailshot } = await openJob()
    const pushed = commit({
      'april.md': onMerge('{{ nme }}'),
      'june.md': onMerge('# Juin'),
      'december.md': dated('# Décembre', '2099-12-01 09:00'),
    })

    const before = await job(`${first}..${pushed}`, '--dry-run')
    const { code, out, err } = await job(`${first}..${pushed}`)
    const again = await job(`${first}..${pushed}`)

    expect([before.code, code, again.code]).toEqual([1, 1, 1])
    expect(withoutIds(before.out)).toBe(
      'april: failed: april: 1 error, so it is not mailed\n' +
        'december: would be scheduled to 0 readers\n' +
        'june: would be started to 0 readers\n',
    )
    expect(withoutIds(out)).toBe(
      'april: failed: april: 1 error, so it is not mailed\n' +
        'december: scheduled for 2099-12-01 09:00 (send …)\n' +
        'june: started (send …)\n',
    )
    expect(err).toContain('campaigns/april.md:6: error: unknown merge field "nme"')
    expect(withoutIds(again.out)).toContain('june: existing: it was planned before (send …)\n')
    expect(await listSends(mailshot)).toMatchObject([
      { gitCommit: pushed, status: 'scheduled' },
      { gitCommit: pushed, status: 'scheduled' },
    ])
  })

  test('gives a line of JSON for each campaign', async () => {
    const { job, first, commit } = await openJob()
    const pushed = commit({ 'june.md': onMerge('# Juin') })

    const { code, out } = await job(`${first}..${pushed}`, '--json')

    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      slug: 'june',
      action: 'started',
      send: { slug: 'june', commit: pushed, status: 'scheduled' },
    })
  })

  test('stops at once when the token is refused', async () => {
    const { job, first, commit, server } = await openJob()
    const pushed = commit({ 'june.md': onMerge('# Juin'), 'july.md': onMerge('# Juillet') })
    const error = { code: 'unauthorized', message: 'the token is not valid' }
    server.next.push(Response.json({ error }, { status: 401 }))

    const { code, out, err } = await job(`${first}..${pushed}`)

    expect([code, out]).toEqual([1, ''])
    expect(err).toBe('mailshot: MAILSHOT_TOKEN: the token is not valid\n')
    expect(server.requests).toHaveLength(1)
  })

  test('says in one line why the site refuses, whatever the site says', async () => {
    const { job, first, commit, server } = await openJob()
    const pushed = commit({ 'june.md': onMerge('# Juin') })
    const error = { code: 'unauthorized', message: 'no\n::error::x\u001b[2J' }
    server.next.push(Response.json({ error }, { status: 401 }))

    const { err } = await job(`${first}..${pushed}`)

    expect(err).toBe('mailshot: MAILSHOT_TOKEN: no ::error::x [2J\n')
  })
})

describe('mailshot check', () => {
  test('counts the readers of segments at the site, or in the database here, and warns of nobody', async () => {
    const { check, commit, mailshot } = await openJob()
    await addReaders(mailshot, 3)
    await addReaders(mailshot, 2, { from: 4, lang: 'en' })
    const written = (front: string) => onMerge('# Juin').replace('send:', `${front}\nsend:`)
    commit({
      'april.md': onMerge('# Avril'),
      'june.md': written('segment: lang = fr'),
      'july.md': written('segment: lang = de'),
      'may.md': written('segment: not received jun'),
    })

    const asked = await check({}, '--server')
    const here = await check({
      MAILSHOT_DATABASE_URL: mailshot.config.database,
      MAILSHOT_SECRET: testSecret,
    })

    const expected = [
      'campaigns/july.md:1: warning: nobody would get it: of the 5 readers of its lists, none fits its segment',
      'campaigns/may.md:1: warning: its readers cannot be counted yet: campaign may: it asks who got jun, and nothing was sent by that name; there are none',
      'july: 0 readers of 5',
      'june: 3 readers of 5',
      'segment french: 3 readers of 5',
      '4 campaigns checked: 0 errors, 2 warnings',
    ]
    expect(asked.out.split('\n').filter((line) => /^\w/.test(line))).toEqual(expected)
    expect(here).toMatchObject({ out: asked.out, code: 0 })
  })
})

describe('mailshot send --changed', () => {
  test('takes nothing that the files say', async () => {
    await expect(run('--changed', 'A..B', '--list', 'weekly')).rejects.toThrow(
      '--list does not go with --changed; the files say it all',
    )
    await expect(run('june', '--changed', 'A..B')).rejects.toThrow(
      '--changed finds the campaigns by itself; leave out "june"',
    )
  })
})

async function run(...args: string[]) {
  return send.run(args, () => recordingTerminal())
}

function withoutIds(text: string): string {
  return text.replace(/\(send \w+\)/g, '(send …)')
}

/** A site's checkout in a folder of a larger repository, as a job has it, and the running site. */
async function openJob() {
  const mailshot = await openTestMailshot()
  const { token } = await apiClient(mailshot, ['send'], 'github')
  const server = await startApiServer(mailshot)
  const repository = openTestRepository()
  const first = repository.commit({
    'site/package.json': '{ "type": "module" }',
    'site/mailshot.config.ts': siteConfig,
    'site/campaigns/.gitkeep': '',
  })
  const inside = join(repository.folder, 'site/src/pages')
  mkdirSync(inside, { recursive: true })
  const env = { ...gitEnv, MAILSHOT_TOKEN: token }
  return {
    mailshot,
    server,
    first,
    commit: (files: Record<string, string>) =>
      repository.commit(
        Object.fromEntries(
          Object.entries(files).map(([name, one]) => [`site/campaigns/${name}`, one]),
        ),
      ),
    check: (more: Record<string, string>, ...args: string[]) =>
      runMailshot(['check', ...args.flatMap((arg) => [arg, server.url])], {
        cwd: inside,
        env: { ...env, ...more },
      }),
    job: (range: string, ...more: string[]) =>
      runMailshot(['send', '--changed', range, '--server', server.url, ...more], {
        cwd: inside,
        env,
      }),
  }
}

const siteConfig = `import { defineConfig } from ${JSON.stringify(new URL('../../integrations/mailshot/config.ts', import.meta.url).href)}
import { memory } from ${JSON.stringify(new URL('../../integrations/mailshot/transports/memory.ts', import.meta.url).href)}

export default defineConfig({
  site: 'https://example.org',
  title: 'News',
  from: 'news@example.org',
  postalAddress: '1 rue du Port, 31000 Toulouse',
  timeZone: 'Europe/Paris',
  lists: { weekly: { title: 'Weekly' } },
  segments: { french: 'lang = fr' },
  transport: memory(),
})
`
