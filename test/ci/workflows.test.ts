import { readFileSync } from 'node:fs'
import matter from 'gray-matter'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { groups } from '../../integrations/mailshot/cli.ts'
import { globalOptions } from '../../integrations/mailshot/cli/command.ts'

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
    expect(checkout?.with).toMatchObject({ 'fetch-depth': 0, 'persist-credentials': false })
    expect(send?.env).toEqual({
      BEFORE: '${{ github.event.before }}',
      AFTER: '${{ github.sha }}',
      SITE_URL: '${{ vars.SITE_URL }}',
      MAILSHOT_TOKEN: '${{ secrets.MAILSHOT_TOKEN }}',
    })
    expect(JSON.stringify(jobs.check)).not.toContain('secrets.')
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
