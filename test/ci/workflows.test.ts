import { readFileSync } from 'node:fs'
import matter from 'gray-matter'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import type { StartRequest } from '../../integrations/mailshot/api/start-request.ts'
import { groups } from '../../integrations/mailshot/cli.ts'
import { globalOptions } from '../../integrations/mailshot/cli/command.ts'
import { errorCodes } from '../../integrations/mailshot/error.ts'

const step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
})
const githubJob = z.object({ steps: z.array(step), concurrency: z.unknown().optional() })
const gitlabJob = z.object({ script: z.array(z.string()), variables: z.unknown().optional() })

describe('the workflow for GitHub', () => {
  const { on, permissions, jobs } = readYaml(
    'github.yml',
    z.object({
      on: z.unknown(),
      permissions: z.unknown(),
      jobs: z.object({ check: githubJob, send: githubJob }),
    }),
  )

  test('may read, and no more', () => {
    expect(permissions).toEqual({ contents: 'read' })
    expect(on).toEqual({ pull_request: null, push: { branches: ['main'] } })
  })

  test('has the whole history and no other secret than the token, where it sends', () => {
    const [checkout, , , send] = jobs.send.steps
    expect(checkout?.with).toEqual({
      ref: '${{ github.sha }}',
      'fetch-depth': 0,
      'persist-credentials': false,
    })
    expect(send?.env).toEqual({
      BEFORE: '${{ github.event.before }}',
      AFTER: '${{ github.sha }}',
      SITE_URL: '${{ vars.SITE_URL }}',
      MAILSHOT_TOKEN: '${{ secrets.MAILSHOT_TOKEN }}',
    })
    expect(JSON.stringify(jobs.check)).not.toContain('secrets.')
  })

  test('checks the campaigns of a fork, which sees no variables', () => {
    expect(jobs.check.steps.at(-1)).toEqual({
      run: 'npx mailshot check',
      env: { SITE_URL: "${{ vars.SITE_URL || 'https://example.org' }}" },
    })
  })

  test('drops no run that waits for another', () => {
    expect(jobs.send.concurrency).toEqual({
      group: 'mailshot-send',
      'cancel-in-progress': false,
      queue: 'max',
    })
  })

  test('calls commands that exist', async () => {
    const lines = [...jobs.check.steps, ...jobs.send.steps].flatMap(({ run }) => run ?? [])
    expect(await unknownIn(lines)).toEqual([])
    expect(lines).toContain('npx mailshot send --changed "$BEFORE..$AFTER" --server "$SITE_URL"')
  })
})

describe('the pipeline for GitLab', () => {
  const { 'check campaigns': check, 'send campaigns': send } = readYaml(
    'gitlab-ci.yml',
    z.object({ 'check campaigns': gitlabJob, 'send campaigns': gitlabJob }),
  )

  test('has the whole history, where it sends', () => {
    expect(send.variables).toEqual({ GIT_DEPTH: '0' })
  })

  test('calls commands that exist', async () => {
    const lines = [...check.script, ...send.script]
    expect(await unknownIn(lines)).toEqual([])
    expect(lines).toContain(
      'npx mailshot send --changed "$CI_COMMIT_BEFORE_SHA..$CI_COMMIT_SHA" --server "$SITE_URL"',
    )
  })
})

describe('the example site', () => {
  test('takes what is empty in the environment for not set, as CI hands it over', async () => {
    vi.stubEnv('SITE_URL', '')
    vi.stubEnv('MAILSHOT_PACE', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.resetModules()

    const { default: config } = await import('../../src/mailshot.config.ts')

    expect(config.site).toBe('http://localhost:4321')
  })
})

describe('what is written of the API', () => {
  const text = readFileSync(new URL('../../docs/ci.md', import.meta.url), 'utf8')

  test('has every code of an error, with a status', () => {
    const rows = Array.from(
      text.matchAll(/^\| `([a-z-]+)` +\| [45]\d\d /gm),
      ([, code = '']) => code,
    )
    expect(rows.toSorted()).toEqual(errorCodes.toSorted())
  })

  test('has every field that a start takes', () => {
    const table = /^\| field [^]*?\n\n/m.exec(text)?.[0] ?? ''
    const fields = Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, field = '']) => field)
    expect(fields.toSorted()).toEqual(Object.keys(startFields).toSorted())
  })
})

/** Checked against the type: a field that is added must be named here, and so in the text. */
const startFields: Record<keyof StartRequest, true> = {
  site: true,
  campaign: true,
  media: true,
  commit: true,
  lists: true,
  segment: true,
  exclude: true,
  at: true,
  audience: true,
  onlyTo: true,
  replaces: true,
}

function readYaml<Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> {
  const text = readFileSync(new URL(`../../docs/ci/${name}`, import.meta.url), 'utf8')
  return schema.parse(matter(`---\n${text}\n---\n`, {}).data)
}

/** The commands and options in lines of a script that mailshot does not have. */
async function unknownIn(lines: readonly string[]): Promise<string[]> {
  const calls = lines.flatMap((line) => /^npx mailshot (\w+)(.*)$/.exec(line) ?? [])
  const found: string[] = []
  for (let at = 0; at < calls.length; at += 3) {
    const [, name = '', rest = ''] = calls.slice(at, at + 3)
    const entry = Object.values(groups).find((entries) => name in entries)?.[name]
    const { options = {} } = (await entry?.load()) ?? {}
    const known = Object.keys({ ...options, ...globalOptions })
    const given = Array.from(rest.matchAll(/--([\w-]+)/g), (match) => match[1] ?? '')
    found.push(...(entry ? [] : [name]), ...given.filter((option) => !known.includes(option)))
  }
  return found
}
