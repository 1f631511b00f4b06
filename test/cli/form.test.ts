import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { form } from '../../integrations/mailshot/cli/form.ts'
import { recordingTerminal } from './recording-terminal.ts'

const config = fileURLToPath(new URL('../fixtures/site/mailshot.config.ts', import.meta.url))

describe('mailshot form', () => {
  it('prints a form that needs nothing of ours but where it posts to, and says who may not post it yet', async () => {
    const { code, out, err } = await run('--list', 'weekly', '--lang', 'pt', '--name')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^<form action="https:\/\/example\.org\/mailshot\/subscribe" method="post" lang="pt-BR"/,
    )
    expect(out).not.toMatch(/<script|<style| style=| class=/)
    expect(err).toContain('No other site may post it yet')
  })

  it('says what language the site’s own words are in, and keeps them in its direction', async () => {
    const { out } = await run('--lang', 'ar')
    expect(out).toContain('dir="rtl"')
    expect(out).toContain(
      '<input type="checkbox" name="list" value="weekly"> <bdi lang="fr">Hebdo</bdi>',
    )
  })

  it('says what there is where it is asked for a list or a language that is not there', async () => {
    await expect(run('--list', 'weeky')).rejects.toThrow(
      '--list weeky: mailshot.config.ts has no such public list; did you mean "weekly"?',
    )
    await expect(run('--lang', 'xx')).rejects.toThrow(
      '--lang xx: there are no texts in that language (known: ar, de, en,',
    )
  })
})

async function run(...args: string[]) {
  const terminal = recordingTerminal()
  const before = process.cwd()
  onTestFinished(() => process.chdir(before))
  const code = await form.run([...args, '--config', config], () => terminal)
  return { code, out: terminal.out.join('\n'), err: terminal.err.join('\n') }
}
